SELECT product_1.id AS c0, product_1.title AS c1, product_1.description AS c2, product_1.availability AS c3
FROM product AS product_1
WHERE product_1.brand_id = $1::UUID
AND product_1.id = $2::UUID
