"""The practice contract: users, services, appointments, trainings and payments, at `/`."""
