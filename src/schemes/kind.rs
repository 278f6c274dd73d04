use super::list::for_each_scheme;

macro_rules! scheme_enum {
    ($($(#[$doc:meta])* $Scheme:ident = $name:literal, $field:ident: $module:ident $Rules:ident $Settings:ident;)+) => {
        /// A kind of credential.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Scheme {
            $($(#[$doc])* $Scheme,)+
        }

        impl Scheme {
            /// Every scheme, in the order of the registry.
            pub const ALL: &[Self] = &[$(Self::$Scheme),+];

            /// Returns the name in configuration and logs.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$Scheme => $name,)+
                }
            }
        }
    };
}

for_each_scheme!(scheme_enum);
