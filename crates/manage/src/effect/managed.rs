use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use playgate::cors::Cors;
use playgate::keys::KeyIdentity;
use playgate::schemes::Refuse;
use playgate::site::Additions;
use playgate::{ConfigErrors, Key, KeyScope, Site, Verifier};

use crate::database::{Database, Kind, Result, Transaction};
use crate::error::ManageError;
use crate::model::{
    AccountId, Bucket, BucketAccess, BucketName, Domain, DomainId, DomainKind, KeyOwner, SigningKey,
    SigningKeyId, Stream, StreamId,
};
use crate::settings::Settings;

/// The managed sites, streams and keys as of one revision, and what of them is not yet in force.
#[derive(Default)]
pub(super) struct Managed {
    revision: Option<i64>,
    domains: HashMap<DomainId, Domain>,
    buckets: HashMap<BucketName, Bucket>,
    streams: HashMap<StreamId, Stream>,
    /// A site that is built again without need would be checked again.
    sites: BTreeMap<Source, Arc<Site>>,
    owners: Owners,
    /// True if sites or streams are not yet in force.
    sites_changed: bool,
    /// Keys that are not yet in force, or `None` if the key was deleted.
    keys_changed: HashMap<SigningKeyId, Option<Key>>,
    keys_in_force: HashMap<SigningKeyId, KeyIdentity>,
}

/// The row of the database from which a site was built. Two rows may have had the same host, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    AllStreams,
    AllBuckets,
    Bucket(BucketName),
    Domain(DomainId),
}

/// The streams and their accounts, by playback ID. Decisions read them.
#[derive(Clone, Default)]
struct Owners(Arc<RwLock<HashMap<Box<str>, Owner>>>);

/// The stream that has a playback ID, and its account.
struct Owner {
    stream: StreamId,
    account: AccountId,
}

/// The site of every live stream below the base domain.
const ALL_STREAMS: &str = "managed-streams";

/// The site of every bucket below the base domain whose policy nobody has set.
const ALL_BUCKETS: &str = "managed-buckets";

impl Managed {
    pub(super) const fn revision(&self) -> Option<i64> {
        self.revision
    }

    /// Returns true if something that was read is not yet in force.
    pub(super) fn has_changed(&self) -> bool {
        self.sites_changed || !self.keys_changed.is_empty()
    }

    /// Reads what was changed since the last reading, or everything.
    pub(super) async fn read(&mut self, database: &dyn Database, settings: &Settings) -> Result<()> {
        let mut transaction = database.read().await?;
        let revision = transaction.revision().await?;
        if self.revision == Some(revision) {
            return Ok(());
        }
        let changes = match self.revision {
            Some(known) => transaction.changes_since(known).await?,
            None => None,
        };
        match changes {
            Some(mut changes) => {
                // The scope of a key needs its domain.
                changes.sort_by_key(|(kind, _)| kind == Kind::SigningKey.name());
                for (kind, subject) in changes {
                    self.read_subject(&mut *transaction, &kind, &subject, settings).await?;
                }
            }
            None => self.read_all(&mut *transaction, settings).await?,
        }
        self.revision = Some(revision);
        Ok(())
    }

    async fn read_all(&mut self, transaction: &mut dyn Transaction, settings: &Settings) -> Result<()> {
        let keys_in_force = std::mem::take(&mut self.keys_in_force);
        let keys_changed = keys_in_force.keys().map(|id| (*id, None)).collect();
        *self = Self { sites_changed: true, keys_changed, keys_in_force, ..Self::default() };
        self.add_common_sites(settings);
        for stream in transaction.all_streams().await? {
            self.put_stream(stream.id.clone(), Some(stream));
        }
        for bucket in transaction.all_buckets().await? {
            self.put_bucket(&bucket.name.clone(), Some(bucket), settings);
        }
        for domain in transaction.all_domains().await? {
            self.put_domain(domain.id, Some(domain), settings);
        }
        for key in transaction.all_signing_keys().await? {
            self.put_key(key.id, Some(&key));
        }
        Ok(())
    }

    async fn read_subject(
        &mut self,
        transaction: &mut dyn Transaction,
        kind: &str,
        subject: &str,
        settings: &Settings,
    ) -> Result<()> {
        let unreadable = || {
            tracing::error!(kind, subject, "the database names a change that this version cannot read");
            ManageError::Internal
        };
        match Kind::parse(kind).ok_or_else(unreadable)? {
            Kind::Domain => {
                let id = DomainId::parse(subject).map_err(|_| unreadable())?;
                let domain = transaction.domain(id).await?;
                self.put_domain(id, domain, settings);
            }
            Kind::SigningKey => {
                let id = SigningKeyId::parse(subject).map_err(|_| unreadable())?;
                let key = transaction.signing_key(id).await?;
                self.put_key(id, key.as_ref());
            }
            Kind::Bucket => {
                let name = BucketName::parse(subject).map_err(|_| unreadable())?;
                let bucket = transaction.bucket(&name).await?;
                self.put_bucket(&name, bucket, settings);
            }
            Kind::Stream => {
                let id = StreamId::parse(subject).map_err(|_| unreadable())?;
                let stream = transaction.stream(&id).await?;
                self.put_stream(id, stream);
            }
        }
        Ok(())
    }

    fn add_common_sites(&mut self, settings: &Settings) {
        let Some(base) = &settings.base else { return };
        let streams = Site::live_by_host().id(ALL_STREAMS).host(format!("play-{{playback_id}}.{base}"));
        let cors = Cors::without_credentials(["*"]);
        self.sites.insert(Source::AllStreams, settings.defaults.apply(streams).cors(cors).into());
        if !settings.regions.is_empty() {
            let hosts =
                settings.regions.iter().map(|region| format!("{{bucket}}.media-storage.{region}.{base}"));
            let buckets = Site::bucket("{bucket}").id(ALL_BUCKETS).hosts(hosts);
            let buckets = with_access(settings.defaults.apply(buckets), settings.default_access);
            self.sites.insert(Source::AllBuckets, buckets.into());
        }
    }

    fn put_domain(&mut self, id: DomainId, domain: Option<Domain>, settings: &Settings) {
        self.domains.remove(&id);
        self.sites_changed |= self.sites.remove(&Source::Domain(id)).is_some();
        if let Some(domain) = domain {
            let site = self.site_of_domain(&domain, settings);
            self.sites.insert(Source::Domain(id), site.into());
            self.sites_changed = true;
            self.domains.insert(id, domain);
        }
    }

    fn site_of_domain(&self, domain: &Domain, settings: &Settings) -> Site {
        let name = domain.name.as_str();
        match (domain.kind, &domain.bucket) {
            (DomainKind::Vod, Some(bucket)) => {
                let site = settings.defaults.apply(Site::bucket(bucket.as_str()).id(name).host(name));
                self.with_policy(site, bucket, settings)
            }
            // A VOD domain always has a bucket.
            (DomainKind::Live, _) | (DomainKind::Vod, None) => {
                let site = settings.defaults.apply(Site::live_by_path().id(name).host(name));
                let cors = match &domain.cors {
                    Some(headers) => headers.to_cors(),
                    None => Some(Cors::without_credentials(["*"])),
                };
                let site = if let Some(cors) = cors { site.cors(cors) } else { site };
                // A key of the domain signs for every playback ID under it, but not for streams of other accounts.
                let (owners, account) = (self.owners.clone(), domain.account);
                site.hook(move |request| match request.playback_id() {
                    Some(id) if owners.belongs_to_another(id, account) => {
                        Err(Refuse::new("stream_of_another_account"))
                    }
                    Some(_) | None => Ok(()),
                })
            }
        }
    }

    /// Returns the site with the policy and the CORS headers of its bucket.
    fn with_policy(&self, site: Site, bucket: &BucketName, settings: &Settings) -> Site {
        let bucket = self.buckets.get(bucket);
        let access = bucket.and_then(|bucket| bucket.access).unwrap_or(settings.default_access);
        let site = with_access(site, access);
        match bucket.and_then(|bucket| bucket.cors.as_ref()?.to_cors()) {
            Some(cors) => site.cors(cors),
            None => site,
        }
    }

    fn put_bucket(&mut self, name: &BucketName, bucket: Option<Bucket>, settings: &Settings) {
        match bucket {
            Some(bucket) => self.buckets.insert(name.clone(), bucket),
            None => self.buckets.remove(name),
        };
        self.sites_changed = true;
        let own = Source::Bucket(name.clone());
        self.sites.remove(&own);
        if let (Some(base), true) = (&settings.base, self.buckets.contains_key(name)) {
            let hosts: Vec<String> = settings
                .regions
                .iter()
                .map(|region| format!("{name}.media-storage.{region}.{base}"))
                .collect();
            if !hosts.is_empty() {
                let site = settings
                    .defaults
                    .apply(Site::bucket(name.as_str()).id(format!("bucket:{name}")).hosts(hosts));
                let site = self.with_policy(site, name, settings);
                self.sites.insert(own, site.into());
            }
        }
        let domains: Vec<&Domain> =
            self.domains.values().filter(|domain| domain.bucket.as_ref() == Some(name)).collect();
        let sites: Vec<(Source, Arc<Site>)> = domains
            .into_iter()
            .map(|domain| (Source::Domain(domain.id), self.site_of_domain(domain, settings).into()))
            .collect();
        self.sites.extend(sites);
    }

    fn put_stream(&mut self, id: StreamId, stream: Option<Stream>) {
        self.sites_changed = true;
        if let Some(before) = self.streams.remove(&id) {
            self.owners.remove(&before);
        }
        if let Some(stream) = stream {
            self.owners.insert(&stream);
            self.streams.insert(id, stream);
        }
    }

    fn put_key(&mut self, id: SigningKeyId, key: Option<&SigningKey>) {
        let key = key.and_then(|key| self.key_in_force(key));
        if key.as_ref().map(Key::identity).as_ref() == self.keys_in_force.get(&id) {
            self.keys_changed.remove(&id); // at most its name changed
        } else {
            self.keys_changed.insert(id, key);
        }
    }

    fn key_in_force(&self, key: &SigningKey) -> Option<Key> {
        let scope = match &key.owner {
            KeyOwner::Stream(id) => KeyScope::stream(id.as_str()),
            KeyOwner::Bucket(name) => KeyScope::bucket(name.as_str()),
            KeyOwner::Domain(id) => KeyScope::site(self.domains.get(id)?.name.as_str()),
        };
        let loaded = Key::from_pem(&key.id.to_string(), key.public_key.as_bytes(), scope);
        loaded
            .inspect_err(|error| tracing::error!(key = %key.id, %error, "a signing key cannot be used"))
            .ok()
    }

    /// Puts everything that has changed in force, as one change. If this fails, nothing is in force of it, and it can be tried again.
    pub(super) fn apply(&mut self, verifier: &Verifier) -> Result<(), ConfigErrors> {
        let removed = self.keys_changed.keys().filter_map(|id| self.keys_in_force.get(id)).cloned();
        let added = self.keys_changed.values().flatten().cloned();
        verifier.update(|snapshot| {
            let keys = snapshot.keys().changed(removed, added)?;
            if !self.sites_changed {
                return Ok::<_, ConfigErrors>(snapshot.with_keys(keys));
            }
            let policy = snapshot.policy().with_additions(self.additions())?;
            Ok(snapshot.with_keys(keys).with_policy(policy))
        })?;
        for (id, key) in self.keys_changed.drain() {
            match key {
                Some(key) => self.keys_in_force.insert(id, key.identity()),
                None => self.keys_in_force.remove(&id),
            };
        }
        self.sites_changed = false;
        Ok(())
    }

    fn additions(&self) -> Additions {
        let additions = self.sites.values().cloned().fold(Additions::new(), Additions::site);
        self.streams
            .values()
            .fold(additions, |additions, stream| additions.stream(stream.id.as_str(), stream.played_as()))
    }

    /// Checks that a domain's site can be added to the sites of the configuration.
    pub(super) fn check(
        &self,
        domain: &Domain,
        settings: &Settings,
        verifier: &Verifier,
    ) -> Result<(), ConfigErrors> {
        let site = self.site_of_domain(domain, settings);
        verifier.snapshot().policy().with_additions(Additions::new().site(site)).map(drop)
    }
}

impl Owners {
    fn insert(&self, stream: &Stream) {
        let owner = Owner { stream: stream.id.clone(), account: stream.account };
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(stream.played_as().into(), owner);
    }

    /// Removes the playback ID of a stream, unless another stream has it by now.
    fn remove(&self, stream: &Stream) {
        let mut owners = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if owners.get(stream.played_as()).is_some_and(|owner| owner.stream == stream.id) {
            owners.remove(stream.played_as());
        }
    }

    fn belongs_to_another(&self, playback_id: &str, account: AccountId) -> bool {
        let owners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        owners.get(playback_id).is_some_and(|owner| owner.account != account)
    }
}

fn with_access(site: Site, access: BucketAccess) -> Site {
    match access {
        BucketAccess::Public => site.public(),
        BucketAccess::Authenticated => site,
    }
}

#[cfg(test)]
mod tests;
