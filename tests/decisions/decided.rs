//! Every decided question of the design, asked over real sockets. Each test carries the decision as its name.

mod akamai;
mod algorithms;
mod cloudfront;
mod credentials;
mod form;
mod hook_addresses;
mod hook_refusals;
mod hooks;
mod hosts;
mod loading;
mod methods;
mod namesakes;
mod paths;
mod responses;
mod scopes;
mod times;
