/// What is read again: nothing, without the feature `config`.
pub(super) type Setup = ();
