-- What PostGraphile shows as a field of each tweet: its intents, counted by status.
DROP SCHEMA IF EXISTS peers CASCADE;
CREATE SCHEMA peers;
CREATE TYPE peers.cart_intent_count AS (status text, count integer);
CREATE FUNCTION peers.shoppable_tweet_cart_intent_counts(tweet public.shoppable_tweet)
RETURNS SETOF peers.cart_intent_count LANGUAGE sql STABLE AS $$
    SELECT status, count(*)::integer FROM public.cart_intent
    WHERE brand_id = tweet.brand_id AND tweet_id = tweet.id GROUP BY status
$$;
