"""What requests and responses of an endpoint look like, learned from those that succeeded; as OpenAPI 3.0.0."""
