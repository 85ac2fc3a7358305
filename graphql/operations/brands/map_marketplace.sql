SELECT brand_marketplace_1.marketplace AS c0, brand_marketplace_1.retailer AS c1, brand_marketplace_1.affiliate_tag AS c2
FROM brand_marketplace AS brand_marketplace_1
WHERE brand_marketplace_1.brand_id = $1::UUID
AND brand_marketplace_1.id = $2::UUID
