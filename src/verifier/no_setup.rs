/// The setup that a reload reads again. It is empty without the feature `config`.
#[derive(Default)]
pub(super) struct Setup {}
