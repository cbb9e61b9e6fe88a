"""Everything that stands in for the world on one machine: servers, a simulator of Twilio, a demonstration. It is never
in production."""
