//! Static dispatch over the schemes of a site.

use super::carriers::{Carrier, CarrierSet, Text};
use super::context::Context;
use super::kind::Scheme;
use super::list::for_each_scheme;
use super::places::Places;
use super::recorder::{Event, Found, Recorder};
use super::scheme::{Basis, CredentialScheme, Pieces, ResponseRules, SchemeFacts};
#[cfg(feature = "config")]
use super::secret::SecretSlots;
use super::settings::{SchemeSettings, SiteCheck};
use super::verified::Verified;
use crate::error::{ConfigError, Denial, Faults};
use crate::keys::{Key, KeySet};
use crate::store::Access;
use crate::time::UnixSeconds;

/// The facts about an accepted credential. They hold no text.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) carrier: Carrier,
    pub(crate) expires_at: Option<UnixSeconds>,
    pub(crate) verified: VerifiedFacts,
}

/// A denial, and the scheme of the credential that it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejected {
    pub(crate) scheme: Scheme,
    pub(crate) denial: Denial,
}

macro_rules! registry {
    (
        {}
        $(
            $(#[$doc:meta])*
            $Scheme:ident = $name:literal, $field:ident: $module:ident $Rules:ident $Settings:ident,
            [$($(#[$section_doc:meta])* $section:ident: $Section:ident)?];
        )+
    ) => {
        /// The schemes that a site accepts.
        #[derive(Debug, Default)]
        pub(crate) struct SchemeRules {
            $(pub(crate) $field: Option<super::$module::$Rules>,)+
            /// The carriers in which some scheme has a place of its own.
            pub(crate) own_carriers: CarrierSet,
        }

        /// The facts about a verified credential of any scheme.
        #[derive(Clone, Debug)]
        pub(crate) enum VerifiedFacts {
            $($Scheme(<super::$module::$Rules as CredentialScheme>::Facts),)+
        }

        impl SchemeRules {
            /// Verifies a text from a shared carrier by the first scheme that reads it.
            #[inline]
            pub(crate) fn verify_text(
                &self,
                text: Text<'_>,
                context: &Context<'_, '_, impl Recorder>,
            ) -> Result<Facts, Rejected> {
                let carrier = text.carrier;
                $(
                    if let Some(rules) = &self.$field
                        && let Some(credential) = rules.read(text)
                    {
                        record_found(Scheme::$Scheme, carrier, rules, &credential, context);
                        return match rules.verify(carrier, &credential, context) {
                            Ok(Verified { expires_at, facts, .. }) => {
                                Ok(Facts { carrier, expires_at, verified: VerifiedFacts::$Scheme(facts) })
                            }
                            Err(denial) => Err(Rejected { scheme: Scheme::$Scheme, denial }),
                        };
                    }
                )+
                // No scheme shares the carriers of this site.
                Err(Rejected { scheme: Scheme::SignedToken, denial: Denial::CredentialMissing })
            }

            /// Verifies the credentials in the schemes' own places, if there are any in this carrier. The first accepted
            /// credential decides, whichever its scheme. If none is accepted, the outcome is the first lookup that one of them
            /// needs, or else the most specific denial. Also returns the text of the request from which the credential's facts
            /// can be read again.
            #[inline]
            pub(crate) fn verify_own<'s, 'r>(
                &'s self,
                carrier: Carrier,
                context: &'s Context<'_, 'r, impl Recorder>,
            ) -> Result<Option<(&'r [u8], Result<Facts, Rejected>)>, Denial> {
                let mut most_specific: Option<(&'r [u8], Rejected)> = None;
                $(
                    if let Some(rules) = &self.$field {
                        for nth in 0..<super::$module::$Rules>::TRIES {
                            let Some((credential, Pieces { facts: raw, key })) = rules.find((carrier, nth), context)? else {
                                break;
                            };
                            record_found(Scheme::$Scheme, carrier, rules, &credential, context);
                            match rules.verify(carrier, &credential, context) {
                                Ok(Verified { expires_at, facts, .. }) => {
                                    let facts = Facts { carrier, expires_at, verified: VerifiedFacts::$Scheme(facts) };
                                    return Ok(Some((raw, Ok(facts))));
                                }
                                Err(denial) => {
                                    let rejected = Rejected { scheme: Scheme::$Scheme, denial };
                                    if context.needs_lookup() {
                                        return Ok(Some((key, Err(rejected))));
                                    }
                                    if most_specific.is_none_or(|(_, other)| denial.rank() > other.denial.rank()) {
                                        most_specific = Some((key, rejected));
                                    }
                                }
                            }
                        }
                    }
                )+
                Ok(most_specific.map(|(key, rejected)| (key, Err(rejected))))
            }

            /// Returns whether a scheme is accepted.
            pub(crate) const fn accepts(&self, scheme: Scheme) -> bool {
                match scheme {
                    $(Scheme::$Scheme => self.$field.is_some(),)+
                }
            }

            /// Returns whether a scheme is accepted and reads texts from the shared carriers.
            pub(crate) const fn reads_texts(&self, scheme: Scheme) -> bool {
                match scheme {
                    $(Scheme::$Scheme => <super::$module::$Settings as SchemeSettings>::READS_TEXTS && self.$field.is_some(),)+
                }
            }

            /// Returns the places of one scheme.
            pub(crate) fn places_of(&self, scheme: Scheme) -> Option<&Places> {
                match scheme {
                    $(Scheme::$Scheme => self.$field.as_ref().map(CredentialScheme::places),)+
                }
            }

            /// Returns the scope of a verified credential.
            pub(crate) fn scope(&self, facts: &VerifiedFacts, basis: &Basis<'_>) -> Option<String> {
                match facts {
                    $(VerifiedFacts::$Scheme(facts) => self.$field.as_ref()?.scope(facts, basis),)+
                }
            }
        }

        impl VerifiedFacts {
            /// Returns the scheme of the credential.
            pub(crate) const fn scheme(&self) -> Scheme {
                match self {
                    $(Self::$Scheme(_) => Scheme::$Scheme,)+
                }
            }

            /// See [`CredentialScheme::claims`].
            pub(crate) fn claims(&self, carrier: Carrier, raw: &[u8]) -> String {
                match self {
                    $(Self::$Scheme(facts) => <super::$module::$Rules>::claims(facts, carrier, raw),)+
                }
            }

            /// See [`SchemeFacts::key`].
            pub(crate) fn key<'k>(&self, keys: &'k KeySet) -> Option<&'k Key> {
                match self {
                    $(Self::$Scheme(facts) => facts.key(keys),)+
                }
            }

            /// See [`SchemeFacts::video`].
            pub(crate) fn video(&self) -> Option<&str> {
                match self {
                    $(Self::$Scheme(facts) => facts.video(),)+
                }
            }

            /// See [`SchemeFacts::viewer`].
            pub(crate) fn viewer(&self) -> Option<&str> {
                match self {
                    $(Self::$Scheme(facts) => facts.viewer(),)+
                }
            }

            /// See [`SchemeFacts::covers_path`].
            #[cfg(feature = "media-keys")]
            pub(crate) fn covers_path(&self, is_live: bool) -> bool {
                match self {
                    $(Self::$Scheme(facts) => facts.covers_path(is_live),)+
                }
            }

            /// See [`SchemeFacts::opens_more_than_the_manifest`].
            pub(crate) fn opens_more_than_the_manifest(&self) -> bool {
                match self {
                    $(Self::$Scheme(facts) => facts.opens_more_than_the_manifest(),)+
                }
            }

            /// See [`SchemeFacts::response`].
            pub(crate) fn response(&self, carrier: Carrier) -> ResponseRules {
                match self {
                    $(Self::$Scheme(facts) => facts.response(carrier),)+
                }
            }

            /// See [`SchemeFacts::check_rate`].
            pub(crate) fn check_rate(&self) -> Result<(), Denial> {
                match self {
                    $(Self::$Scheme(facts) => facts.check_rate(),)+
                }
            }

            /// See [`SchemeFacts::apply_rate_and_record`].
            pub(crate) fn apply_rate_and_record(
                &self,
                outcome: Result<(), Denial>,
                access: &Access,
                keys: &KeySet,
                now: UnixSeconds,
            ) -> Result<(), Denial> {
                match self {
                    $(Self::$Scheme(facts) => facts.apply_rate_and_record(outcome, access, keys, now),)+
                }
            }
        }

        /// See [`CredentialScheme::claimed_key`].
        pub(crate) fn claimed_key(scheme: Scheme, carrier: Carrier, raw: &[u8]) -> Option<String> {
            match scheme {
                $(Scheme::$Scheme => <super::$module::$Rules>::claimed_key(carrier, raw),)+
            }
        }

        /// See [`CredentialScheme::claimed_scope`].
        pub(crate) fn claimed_scope(scheme: Scheme, carrier: Carrier, raw: &[u8]) -> Option<String> {
            match scheme {
                $(Scheme::$Scheme => <super::$module::$Rules>::claimed_scope(carrier, raw),)+
            }
        }
    };
}

for_each_scheme!(registry);

/// Records a credential before it is verified.
#[expect(clippy::inline_always, reason = "a decision without a recorder costs no instruction more")]
#[inline(always)]
fn record_found<S: CredentialScheme>(
    scheme: Scheme,
    carrier: Carrier,
    rules: &S,
    credential: &S::Credential<'_>,
    context: &Context<'_, '_, impl Recorder>,
) {
    context.recorder.record(|| {
        Event::Credential(Found {
            scheme,
            carrier,
            fields: rules.fields(carrier, credential, context),
            rules: rules.rules(context.site),
        })
    });
}

macro_rules! settings_registry {
    (
        {}
        $(
            $(#[$doc:meta])*
            $Scheme:ident = $name:literal, $field:ident: $module:ident $Rules:ident $Settings:ident,
            [$($(#[$section_doc:meta])* $section:ident: $Section:ident)?];
        )+
    ) => {
        /// The settings of a site's schemes.
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct SiteSchemes {
            $(pub(crate) $field: Option<super::$module::$Settings>,)+
        }

        impl SiteSchemes {
            /// Returns the settings of no scheme.
            pub(crate) const fn none() -> Self {
                Self { $($field: None,)+ }
            }

            /// Returns whether a scheme is accepted.
            pub(crate) fn accepts(&self, scheme: Scheme) -> bool {
                match scheme {
                    $(Scheme::$Scheme => self.$field.as_ref().is_some_and(SchemeSettings::is_accepted),)+
                }
            }

            /// Returns the last scheme of the registry that reads texts from the shared carriers.
            pub(crate) fn last_reader(&self) -> Option<Scheme> {
                let mut last = None;
                $(
                    if <super::$module::$Settings>::READS_TEXTS && self.accepts(Scheme::$Scheme) {
                        last = Some(Scheme::$Scheme);
                    }
                )+
                last
            }

            /// Checks every scheme and returns the checked form, or `None` if there was a fault. Every fault is pushed to
            /// `faults`.
            pub(crate) fn check(&self, site: &SiteCheck<'_>, faults: &mut Faults) -> Option<SchemeRules> {
                let before = faults.len();
                let mut rules = SchemeRules {
                    $($field: self.$field.as_ref().and_then(|settings| {
                        settings.check(site, faults).filter(|_| settings.is_accepted())
                    }),)+
                    own_carriers: CarrierSet::NONE,
                };
                $(
                    if let Some(accepted) = &rules.$field {
                        rules.own_carriers = rules.own_carriers.union(accepted.own_carriers());
                    }
                )+
                (faults.len() == before).then_some(rules)
            }

            /// Accepts a scheme with its settings, or else with its defaults.
            ///
            /// # Errors
            ///
            /// Returns the remedy if the scheme has settings without a default.
            fn accept_by_default(&mut self, scheme: Scheme) -> Result<(), &'static str> {
                match scheme {
                    $(Scheme::$Scheme => if self.$field.is_none() {
                        self.$field = Some(SchemeSettings::by_default()?);
                    },)+
                }
                Ok(())
            }

            /// Returns the secrets that have to be loaded.
            #[cfg(feature = "config")]
            pub(crate) fn secrets(&mut self) -> impl Iterator<Item = SecretSlots<'_>> {
                [$(self.$field.as_mut().and_then(SchemeSettings::secrets),)+].into_iter().flatten()
            }
        }
    };
}

for_each_scheme!(settings_registry);

impl SchemeRules {
    /// Returns the places of all schemes together.
    pub(crate) fn places(&self) -> Places {
        let mut all = Places::default();
        Scheme::ALL.iter().filter_map(|scheme| self.places_of(*scheme)).for_each(|places| all.extend(places));
        all
    }

    /// Returns whether the site accepts no scheme but this one.
    pub(crate) fn accepts_only(&self, scheme: Scheme) -> bool {
        Scheme::ALL.iter().all(|other| self.accepts(*other) == (*other == scheme))
    }
}

impl SiteSchemes {
    /// Accepts only the listed schemes. A scheme with settings has to be listed, and a listed scheme needs settings unless all of
    /// them have a default.
    pub(crate) fn accept(&mut self, listed: &[Scheme], site: &str, faults: &mut Faults) {
        let mut wrong = |found: String, write: String| {
            faults.push("accepts", ConfigError::Section { part: format!("site {site:?}"), found, write });
        };
        if listed.is_empty() {
            let names: Vec<String> =
                Scheme::ALL.iter().map(|scheme| format!("{:?}", scheme.as_str())).collect();
            let write = format!(
                "one or more of {}, or access = \"public\" for a site without credentials",
                names.join(", ")
            );
            wrong("accepts no credential".to_owned(), write);
            return;
        }
        for scheme in Scheme::ALL {
            let (name, section) = (scheme.as_str(), scheme.section());
            match (self.accepts(*scheme), listed.contains(scheme), section) {
                (_, true, _) => {
                    if let Err(write) = self.accept_by_default(*scheme) {
                        wrong(
                            format!("lists {name} in accepts but has no settings for it"),
                            write.to_owned(),
                        );
                    }
                }
                (true, false, Some(section)) => {
                    let article = if section.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                    let write = format!("accepts = [\"signed-token\", {name:?}], or leave accepts out");
                    wrong(
                        format!("has {article} {section} section but does not list {name} in accepts"),
                        write,
                    );
                }
                (true, false, None) | (false, false, _) => {}
            }
        }
        if let Some(tokens) = &mut self.jws {
            tokens.accept = listed.contains(&Scheme::SignedToken);
        }
    }
}
