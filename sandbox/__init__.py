"""Everything needed to try the product with no accounts; knows nothing of the product itself."""
