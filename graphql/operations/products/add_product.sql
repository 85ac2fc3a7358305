SELECT product_1.retailer AS c0, product_1.marketplace AS c1, product_1.retailer_product_id AS c2, product_1.title AS c3, product_1.canonical_url AS c4, product_1.status AS c5, product_1.price_amount_minor AS c6, product_1.price_currency AS c7, CAST(product_1.options AS TEXT) AS c8
FROM product AS product_1
WHERE product_1.brand_id = $1::UUID
AND product_1.id = $2::UUID
