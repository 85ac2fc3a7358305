"""What a brand sells, as one retailer lists it on one marketplace."""
