"""For all tests."""

from hypothesis import HealthCheck, settings

# A busy machine is no defect of what is tested: speed is asserted nowhere.
settings.register_profile("imageid", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("imageid")
