SELECT brand_1.accept_quotes AS c0, brand_1.auto_register AS c1, brand_1.resolve_depth AS c2
FROM brand AS brand_1
WHERE brand_1.id = $1::UUID
AND brand_1.id = $2::UUID
