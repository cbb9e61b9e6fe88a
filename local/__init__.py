"""What stands in for the world on one machine: servers, a simulator of Twilio, a demonstration. Never in production."""
