"""A brand: the tenant. Everything but people and apps belongs to one."""
