"""From towers to landscapes and regions: predictors, model trees, honest skill, maps."""
