-- Fills a migrated database with bench.brands brands, each with 100 products, 400 tweets,
-- 100 advocates, 2,000 reviews, 2,000 shoppers, 20,000 replies that became cart intents, and a log
-- with the adds of the 2,000 newest.
-- The same rows at every run: what looks random is a hash of the row's number. Some tweets are
-- answered far more often than others, most replies come soon after the tweet, and titles and
-- texts hold what JSON must escape.
-- Rows are inserted as they are: foreign keys are known to hold, so they are not checked.
SET session_replication_role = replica;
SET timezone = 'UTC';

CREATE FUNCTION pg_temp.draw(n bigint, salt integer) RETURNS float8 IMMUTABLE LANGUAGE sql
    RETURN (hashint8extended(n, salt) & 1073741823)::float8 / 1073741824.0;
CREATE FUNCTION pg_temp.key(moment timestamptz, salt text) RETURNS uuid IMMUTABLE LANGUAGE sql
    RETURN (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0')
        || '7' || substr(md5(salt), 1, 3) || '8' || substr(md5(salt), 4, 15))::uuid;
CREATE FUNCTION pg_temp.xid(moment timestamptz, n bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
    RETURN (((extract(epoch FROM moment) * 1000)::bigint - 1288834974657) << 22) + n % 4194304;
CREATE FUNCTION pg_temp.told(moment timestamptz) RETURNS text STABLE LANGUAGE sql
    RETURN to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

INSERT INTO brand (id, slug, name, x_user_id, x_handle, status, accept_quotes, auto_register,
    resolve_depth, created_at)
SELECT pg_temp.key(moment, 'brand' || n), 'filled-' || n, 'Brand ' || n || ' & Daughters',
    1510000000000000000 + n, 'filled_' || n, 'ACTIVE', false, true, 'PARENT', moment
FROM generate_series(1, current_setting('bench.brands')::integer) AS n,
    LATERAL (SELECT '2025-01-01'::timestamptz + n * interval '1 hour' AS moment) AS made;

CREATE TEMP TABLE filled_brand AS SELECT id, substr(slug, 8)::integer AS brand_n FROM brand;
INSERT INTO brand_log (brand_id, head, floor) SELECT id, 2000, 0 FROM filled_brand;
INSERT INTO trigger (brand_id, id, tag, folded_tag, marketplace, action)
SELECT id, pg_temp.key('2025-01-03', 'trigger' || brand_n || tag), tag, lower(tag), 'US', action
FROM filled_brand, (VALUES ('AmazonCart', 'CART'), ('AmazonWishList', 'WISHLIST'))
    AS known(tag, action);
INSERT INTO brand_marketplace (brand_id, id, marketplace, retailer)
SELECT id, pg_temp.key('2025-01-02', 'place' || brand_n), 'US', 'sandbox' FROM filled_brand;

INSERT INTO product (brand_id, id, retailer, marketplace, retailer_product_id, title, description,
    image_url, canonical_url, kind, status, options, price_amount_minor, price_currency,
    availability, offer_as_of, created_at)
SELECT brand.id, pg_temp.key(moment, 'product' || n), 'sandbox', 'US',
    'B0' || upper(substr(md5('asin' || n), 1, 8)),
    (ARRAY['Walnut', 'Linen', 'Cast iron', 'Everyday', 'Folding', 'Small', 'Oat', 'Plain'])
        [1 + floor(pg_temp.draw(n, 1) * 8)::integer] || ' ' ||
    (ARRAY['stool', 'apron', 'pan', 'rucksack', 'clock', 'kettle', 'soap', 'boots'])
        [1 + floor(pg_temp.draw(n, 2) * 8)::integer] || ' "' || n || E'" \u2013 12\u2033',
    E'Line one of \u201c' || n || E'\u201d.\nLine two: "quotes", a back\\slash \U0001F6D2 '
        || repeat('made to be mended ', 3 + floor(pg_temp.draw(n, 3) * 5)::integer),
    CASE WHEN pg_temp.draw(n, 4) < 0.95 THEN 'https://images.example/p/' || n || '/front.jpg' END,
    'https://www.amazon.com/dp/B0' || upper(substr(md5('asin' || n), 1, 8)),
    'PHYSICAL', 'RESOLVED', '[]', 500 + floor(pg_temp.draw(n, 5) * 20000)::integer, 'USD',
    CASE WHEN pg_temp.draw(n, 6) < 0.9 THEN 'IN_STOCK' ELSE 'OUT_OF_STOCK' END, moment, moment
FROM filled_brand AS brand, generate_series(1, 100) AS part,
    LATERAL (SELECT (brand.brand_n - 1) * 100 + part AS n) AS number,
    LATERAL (SELECT '2025-02-01'::timestamptz + n * interval '1 minute' AS moment) AS made;

CREATE TEMP TABLE filled_product AS
SELECT brand_id, id, row_number() OVER (PARTITION BY brand_id ORDER BY id) AS part FROM product;
CREATE UNIQUE INDEX ON filled_product (brand_id, part);

CREATE TEMP TABLE filled_tweet AS
SELECT brand.id AS brand_id, brand_n, part, n, product.id AS product_id, moment,
    pg_temp.key(moment, 'tweet' || n) AS id
FROM filled_brand AS brand, generate_series(1, 400) AS part,
    LATERAL (SELECT (brand.brand_n - 1) * 400 + part AS n) AS number,
    LATERAL (SELECT date_trunc('milliseconds', '2025-06-01'::timestamptz
        + pg_temp.draw(n, 7) * interval '365 days') AS moment) AS made,
    LATERAL (SELECT id FROM filled_product AS product WHERE product.brand_id = brand.id
        AND product.part = 1 + floor(pg_temp.draw(number.n, 8) ^ 1.3 * 100)::integer) AS product;
CREATE UNIQUE INDEX ON filled_tweet (brand_id, part);
INSERT INTO shoppable_tweet (brand_id, id, root_xid, conversation_xid, author_xid,
    authored_by_brand, text, status, primary_product_id, campaign, posted_at, registered_at)
SELECT brand_id, id, pg_temp.xid(moment, n), pg_temp.xid(moment, n), 1510000000000000000 + brand_n,
    true, E'Reply with #AmazonCart and it is in your cart \U0001F6D2 "deal ' || n || E'"\n'
        || (ARRAY['Back again.', 'Today only.', E'New colours \u2728', 'What you asked for.'])
            [1 + floor(pg_temp.draw(n, 9) * 4)::integer]
        || ' ' || left(md5('text' || n), 8 + floor(pg_temp.draw(n, 10) * 24)::integer),
    'LIVE', product_id, CASE WHEN pg_temp.draw(n, 11) < 0.3 THEN 'campaign ' || n % 7 END,
    moment, moment + interval '2 seconds'
FROM filled_tweet ORDER BY moment;
INSERT INTO tweet_version (brand_id, id, tweet_id, xid, seen_at)
SELECT brand_id, pg_temp.key(moment, 'version' || n), id, pg_temp.xid(moment, n), moment
FROM filled_tweet ORDER BY moment;
INSERT INTO tweet_link (brand_id, id, tweet_id, position, url, expanded_url, verdict, marketplace,
    retailer_product_id, product_id)
SELECT tweet.brand_id, pg_temp.key(moment, 'link' || n), tweet.id, 0,
    'https://t.co/' || left(md5('link' || n), 10), product.canonical_url, 'PRODUCT', 'US',
    product.retailer_product_id, product.id
FROM filled_tweet AS tweet
JOIN product ON product.brand_id = tweet.brand_id AND product.id = tweet.product_id
ORDER BY moment;

CREATE TEMP TABLE filled_shopper AS
SELECT brand.id AS brand_id, part, n, moment, pg_temp.key(moment, 'shopper' || n) AS id
FROM filled_brand AS brand, generate_series(1, 2000) AS part,
    LATERAL (SELECT (brand.brand_n - 1) * 2000 + part AS n) AS number,
    LATERAL (SELECT '2025-03-01'::timestamptz + n * interval '1 second' AS moment) AS made;
CREATE UNIQUE INDEX ON filled_shopper (brand_id, part);
INSERT INTO shopper (brand_id, id, created_at)
SELECT brand_id, id, moment FROM filled_shopper ORDER BY moment;

INSERT INTO advocate (brand_id, id, shopper_id, status, score, score_components, score_version,
    insider, enrolled_at, created_at)
SELECT brand_id, pg_temp.key(moment, 'advocate' || n), id, 'ENROLLED',
    floor(pg_temp.draw(n, 12) * 101)::integer, '[]', 1, false, moment, moment
FROM filled_shopper WHERE part <= 100;
CREATE TEMP TABLE filled_advocate AS
SELECT brand_id, id, row_number() OVER (PARTITION BY brand_id ORDER BY id) AS part FROM advocate;
CREATE UNIQUE INDEX ON filled_advocate (brand_id, part);

INSERT INTO advocate_review (brand_id, id, product_id, advocate_id, host, status, rating, title,
    body, language, verified_purchase, incentivized, insider, submitted_at, published_at)
SELECT brand.id, pg_temp.key(moment, 'review' || n), product.id, advocate.id, 'BRAND_SITE',
    'PUBLISHED', 1 + floor(pg_temp.draw(n, 13) * 5)::integer,
    'Would "buy" again ' || left(md5('title' || n), 6),
    repeat('It does what it should, every day. ', 1 + floor(pg_temp.draw(n, 14) * 8)::integer),
    'en', true, false, false, moment, moment + interval '1 hour'
FROM filled_brand AS brand, generate_series(1, 2000) AS part,
    LATERAL (SELECT (brand.brand_n - 1) * 2000 + part AS n) AS number,
    LATERAL (SELECT date_trunc('milliseconds', '2025-06-01'::timestamptz
        + pg_temp.draw(n, 15) * interval '365 days') AS moment) AS made,
    LATERAL (SELECT id FROM filled_product AS product WHERE product.brand_id = brand.id
        AND product.part = 1 + floor(pg_temp.draw(number.n, 16) ^ 1.2 * 100)::integer) AS product,
    LATERAL (SELECT id FROM filled_advocate AS advocate WHERE advocate.brand_id = brand.id
        AND advocate.part = 1 + floor(pg_temp.draw(number.n, 17) * 100)::integer) AS advocate
ORDER BY moment;

-- Nobody asks twice for the same: the place of a reply below its tweet decides the shopper.
CREATE TEMP TABLE filled_reply AS
SELECT asked.*, 1 + (row_number() OVER (PARTITION BY brand_id, tweet_id ORDER BY moment, n)
    + tweet_part * 37) % 2000 AS shopper_part
FROM (
    SELECT brand.id AS brand_id, n, tweet.id AS tweet_id, tweet.part AS tweet_part,
        tweet.product_id, date_trunc('milliseconds', tweet.moment
            + pg_temp.draw(n, 18) ^ 3 * interval '14 days') AS moment
    FROM filled_brand AS brand, generate_series(1, 20000) AS part,
        LATERAL (SELECT (brand.brand_n - 1) * 20000 + part AS n) AS number,
        LATERAL (SELECT id, part, product_id, moment FROM filled_tweet AS tweet
            WHERE tweet.brand_id = brand.id
                AND tweet.part = 1 + floor(pg_temp.draw(number.n, 19) ^ 2 * 400)::integer) AS tweet
) AS asked;

INSERT INTO engagement (brand_id, id, xid, kind, shopper_id, tweet_id, trigger_tag, trigger_match,
    content_state, occurred_at, received_at)
SELECT reply.brand_id, pg_temp.key(reply.moment, 'engagement' || reply.n),
    pg_temp.xid(reply.moment, reply.n), 'REPLY', shopper.id, tweet_id, 'AmazonCart', 'EXACT',
    'PRESENT', reply.moment, reply.moment + interval '1 second'
FROM filled_reply AS reply
JOIN filled_shopper AS shopper
    ON shopper.brand_id = reply.brand_id AND shopper.part = reply.shopper_part
ORDER BY reply.moment;

INSERT INTO cart_intent (brand_id, id, engagement_id, engagement_xid, tweet_id, shopper_id,
    product_id, action, marketplace, retailer, quantity, status, failure_reason, failure_retryable,
    cart_reference, offer_amount_minor, offer_currency, repeat_count, withdraw_requested, attempts,
    received_at, matched_at, resolved_at, queued_at, answered_at, updated_at)
SELECT reply.brand_id, pg_temp.key(reply.moment + interval '1 second', 'intent' || reply.n),
    pg_temp.key(reply.moment, 'engagement' || reply.n), pg_temp.xid(reply.moment, reply.n),
    tweet_id, shopper.id, product_id, 'CART', 'US', 'sandbox', 1, status,
    CASE WHEN status = 'FAILED' THEN 'CART_FULL' END, CASE WHEN status = 'FAILED' THEN true END,
    'sandbox:' || reply.n, 500 + reply.n % 20000, 'USD', 0, false, 1,
    arrived, arrived, arrived, arrived, arrived + interval '250 milliseconds',
    arrived + interval '250 milliseconds'
FROM filled_reply AS reply
JOIN filled_shopper AS shopper
    ON shopper.brand_id = reply.brand_id AND shopper.part = reply.shopper_part,
    LATERAL (SELECT reply.moment + interval '1 second' AS arrived) AS came,
    LATERAL (SELECT (ARRAY['ADDED', 'ADDED', 'ADDED', 'PURCHASED', 'EXPIRED', 'FAILED'])
        [1 + floor(pg_temp.draw(reply.n, 20) * 6)::integer] AS status) AS ended
ORDER BY reply.moment;

-- In this month's partition of the log, a second apart.
INSERT INTO event (brand_id, recorded_at, id, seq, type, schema_version, occurred_at, actor_kind,
    subject_type, subject_id, data)
SELECT brand_id, recorded_at, pg_temp.key(recorded_at, 'event' || id), seq,
    'cart_intent.added', 1, answered_at, 'UPSTREAM', 'CartIntent', id,
    jsonb_build_object('cartIntent', jsonb_build_object('id', id, 'status', 'ADDED',
        'previousStatus', 'QUEUED', 'action', action, 'marketplace', marketplace,
        'quantity', quantity, 'repeatCount', 0, 'engagementXid', engagement_xid::text,
        'tweet', jsonb_build_object('id', tweet_id, 'rootXid', root_xid::text),
        'product', jsonb_build_object('id', product_id, 'retailer', retailer,
            'marketplace', marketplace, 'retailerProductId', retailer_product_id, 'title', title),
        'shopper', jsonb_build_object('id', shopper_id),
        'offer', jsonb_build_object('amountMinor', offer_amount_minor, 'currency', offer_currency),
        'failure', NULL, 'handOff', NULL,
        'timings', jsonb_build_object('receivedAt', pg_temp.told(received_at),
            'matchedAt', pg_temp.told(matched_at), 'resolvedAt', pg_temp.told(resolved_at),
            'queuedAt', pg_temp.told(queued_at), 'answeredAt', pg_temp.told(answered_at))))
FROM (
    SELECT intent.*, root_xid, retailer_product_id, title, 2001 - row_number() OVER (
        PARTITION BY intent.brand_id ORDER BY intent.received_at DESC, intent.id DESC) AS seq
    FROM cart_intent AS intent
    JOIN shoppable_tweet AS tweet ON tweet.brand_id = intent.brand_id AND tweet.id = intent.tweet_id
    JOIN product ON product.brand_id = intent.brand_id AND product.id = intent.product_id
) AS newest, LATERAL (SELECT date_trunc('month', now()) + seq * interval '1 second' AS recorded_at)
    AS made
WHERE seq > 0 ORDER BY seq;

SET session_replication_role = DEFAULT;
