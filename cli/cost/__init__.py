"""What Snapveil costs: prices and speeds as configuration, and a model of pure functions over them."""
