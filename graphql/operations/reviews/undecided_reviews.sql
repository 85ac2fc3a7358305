SELECT advocate_review_1.id AS c0, advocate_review_1.status AS c1, advocate_review_1.verified_purchase AS c2, advocate_review_1.submitted_at AS c3, CAST(advocate_review_1.submitted_at AS TEXT) AS c4
FROM advocate_review AS advocate_review_1
WHERE advocate_review_1.brand_id = $1::UUID
AND (advocate_review_1.status = ANY ($2::TEXT[]) OR advocate_review_1.verified_purchase IS NULL)
ORDER BY advocate_review_1.submitted_at ASC, advocate_review_1.id ASC
LIMIT $3::INTEGER
