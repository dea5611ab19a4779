"""Property tests of kernels have no deadline: the first example may compile one."""

from hypothesis import settings

settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")
