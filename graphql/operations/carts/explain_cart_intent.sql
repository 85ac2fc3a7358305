SELECT cart_intent.brand_id, cart_intent.id, cart_intent.engagement_id, cart_intent.engagement_xid, cart_intent.tweet_id, cart_intent.shopper_id, cart_intent.product_id, cart_intent.previous_intent_id, cart_intent.action, cart_intent.marketplace, cart_intent.retailer, cart_intent.quantity, cart_intent.status, cart_intent.is_live, cart_intent.failure_reason, cart_intent.failure_retryable, cart_intent.failure_detail, cart_intent.hand_off_url, cart_intent.hand_off_expires_at, cart_intent.cart_reference, cart_intent.offer_amount_minor, cart_intent.offer_currency, cart_intent.repeat_count, cart_intent.withdraw_requested, cart_intent.attempts, cart_intent.next_attempt_at, cart_intent.claimed_until, cart_intent.remove_due_at, cart_intent.remove_attempts, cart_intent.decisions, cart_intent.retailer_calls, cart_intent.waits_until, cart_intent.received_at, cart_intent.matched_at, cart_intent.resolved_at, cart_intent.queued_at, cart_intent.answered_at, cart_intent.updated_at, engagement.kind AS reply_kind, engagement.xid AS reply_xid, engagement.parent_xid AS reply_parent_xid, engagement.conversation_xid AS reply_conversation_xid, engagement.trigger_tag AS reply_trigger_tag, engagement.trigger_match AS reply_trigger_match, engagement.misuse_reason AS reply_misuse_reason, engagement.content_state AS reply_content_state, engagement.deliveries AS reply_deliveries, engagement.occurred_at AS reply_occurred_at
FROM cart_intent JOIN engagement ON engagement.brand_id = cart_intent.brand_id
AND engagement.id = cart_intent.engagement_id
WHERE cart_intent.id = $1::UUID
AND cart_intent.brand_id = $2::UUID
AND engagement.brand_id = $2::UUID

SELECT engagement.xid, engagement.content_state, engagement.received_at
FROM engagement
WHERE engagement.intent_id = $1::UUID
AND engagement.id != $2::UUID
AND engagement.brand_id = $3::UUID
ORDER BY engagement.received_at DESC
LIMIT $4::INTEGER
