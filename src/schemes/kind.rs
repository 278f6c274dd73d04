use serde::Deserialize;

use super::list::for_each_scheme;

macro_rules! scheme_enum {
    (
        {}
        $(
            $(#[$doc:meta])*
            $Scheme:ident = $name:literal, $field:ident: $module:ident $Rules:ident $Settings:ident,
            [$($(#[$section_doc:meta])* $section:ident: $Section:ident)?];
        )+
    ) => {
        /// A kind of credential.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "scheme"))]
        #[non_exhaustive]
        pub enum Scheme {
            $($(#[$doc])* #[serde(rename = $name)] $Scheme,)+
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

            /// Returns the name of the scheme's section in a configuration file, if it has one.
            pub(crate) fn section(self) -> Option<&'static str> {
                match self {
                    $(Self::$Scheme => [$(stringify!($section))?].first().copied(),)+
                }
            }
        }
    };
}

for_each_scheme!(scheme_enum);

#[cfg(test)]
mod tests;
