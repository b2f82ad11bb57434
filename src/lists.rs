//! Word and domain lists that come with the service.
