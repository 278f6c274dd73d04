use super::section::set;
use crate::config::document::{EmbedSection, Few, Lasting};
use crate::schemes::embed::Embed;

pub(super) fn build_embed(said: EmbedSection) -> Embed {
    let mut embed = Embed::new();
    embed.realm = said.realm;
    embed.allow_missing_origin = said.allow_missing_origin.unwrap_or_default();
    set(&mut embed.paths, said.path.map(|Few(paths)| paths));
    set(&mut embed.scope, said.scope);
    set(&mut embed.origins_on, said.origins_on);
    set(&mut embed.lifetime, said.lifetime.map(|Lasting(lifetime)| lifetime));
    embed.lifetimes =
        said.lifetimes.0.into_iter().map(|(video, Lasting(lifetime))| (video, lifetime)).collect();
    embed
}
