//! Every decided question of the design, asked over real sockets. Each test carries the decision as its name.

mod support;

#[path = "decided/akamai.rs"]
mod akamai;
#[path = "decided/algorithms.rs"]
mod algorithms;
#[path = "decided/cloudfront.rs"]
mod cloudfront;
#[path = "decided/credentials.rs"]
mod credentials;
#[path = "decided/form.rs"]
mod form;
#[path = "decided/hooks.rs"]
mod hooks;
#[path = "decided/hosts.rs"]
mod hosts;
#[path = "decided/loading.rs"]
mod loading;
#[path = "decided/methods.rs"]
mod methods;
#[path = "decided/namesakes.rs"]
mod namesakes;
#[path = "decided/paths.rs"]
mod paths;
#[path = "decided/responses.rs"]
mod responses;
#[path = "decided/scopes.rs"]
mod scopes;
#[path = "decided/times.rs"]
mod times;
