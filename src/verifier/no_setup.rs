/// The setup that a reload reads again. It is empty without the feature `config`.
pub(super) type Setup = ();
