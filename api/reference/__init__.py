"""What the API says about itself: OpenAPI, AsyncAPI and their pages."""
