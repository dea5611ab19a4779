"""Files come in by `guards` and leave by `atomic`: no other module opens one."""
