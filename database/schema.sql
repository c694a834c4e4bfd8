CREATE SCHEMA public;

COMMENT ON SCHEMA public IS 'standard public schema';

CREATE SCHEMA sandbox;

CREATE TYPE public.held_booking AS (
	repeated boolean,
	status text,
	practitioner_id uuid,
	session_id uuid,
	starts_at timestamp with time zone,
	ends_at timestamp with time zone,
	timezone text,
	currency text,
	total_minor bigint,
	due_now_minor bigint,
	commission_minor bigint,
	free_until_hours integer,
	late_fee_bps integer,
	hold_expires_at timestamp with time zone,
	names text[],
	emails text[],
	prices_minor bigint[],
	payment_id uuid,
	has_children boolean,
	created_at timestamp with time zone
);

CREATE TYPE public.pgqueuer_status AS ENUM (
    'queued',
    'picked',
    'successful',
    'exception',
    'canceled',
    'deleted',
    'failed'
);

CREATE FUNCTION public.accept_quote(p_quote uuid, p_by_link boolean, p_invoice uuid, p_series text, p_now timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE q quotes := lock_quote(p_quote, p_by_link);
BEGIN
  IF q.status = 'accepted' THEN
    RETURN (SELECT id FROM invoices WHERE quote_id = p_quote);
  ELSIF q.status <> 'open' THEN
    PERFORM refuse('invalid_state', format('This quote was %s.', q.status));
  ELSIF q.expires_at <= p_now THEN
    PERFORM refuse('quote_expired');
  END IF;
  UPDATE quotes SET status = 'accepted', decided_at = p_now, updated_at = now() WHERE id = p_quote;
  IF q.booking_id IS NOT NULL THEN
    PERFORM price_booking(q.booking_id, q.gross_minor, p_now);
    RETURN NULL;
  END IF;
  INSERT INTO invoices (id, customer_id, customer_email, customer_name, customer_address, currency, net_minor,
                        tax_minor, gross_minor, note, created_by, quote_id)
  VALUES (p_invoice, q.customer_id, q.customer_email, q.customer_name, q.customer_address, q.currency, q.net_minor,
          q.tax_minor, q.gross_minor, q.note, asking_user(), q.id);
  INSERT INTO invoice_lines SELECT p_invoice, l."position", l.description, l.quantity, l.unit_minor, l.tax_bps,
                                   l.tax_inclusive, l.net_minor, l.tax_minor, l.gross_minor
                              FROM quote_lines l WHERE l.quote_id = p_quote;
  PERFORM note_invoice(p_invoice, 'drafted', jsonb_build_object('quote_id', p_quote));
  PERFORM number_invoice(p_invoice, p_series, p_now + make_interval(days => q.days_until_due), p_now);
  RETURN p_invoice;
END $$;

CREATE FUNCTION public.account_at(p_email text) RETURNS uuid
    LANGUAGE sql STABLE
    AS $$
  SELECT u.id FROM users u WHERE lower(u.email) = lower(p_email) AND u.email_verified_at IS NOT NULL AND u.is_active
$$;

CREATE FUNCTION public.account_balance(p_code text, p_currency text) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce(sum(b.balance_minor), 0)::bigint * CASE WHEN a.kind IN ('asset', 'expense') THEN 1 ELSE -1 END
    FROM ledger_accounts a LEFT JOIN ledger_balances b ON b.account_no = a.no
   WHERE a.code = p_code AND a.currency = p_currency GROUP BY a.kind
$$;

CREATE FUNCTION public.account_terms(p_code text, OUT kind text, OUT guarded boolean, OUT shards smallint, OUT owner_id uuid) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE word text := split_part(p_code, ':', 1);
BEGIN
  kind := CASE
    WHEN word IN ('clearing', 'bank', 'disputed') THEN 'asset'
    WHEN word IN ('held', 'credit', 'entitlement', 'earnings_pending', 'earnings_available', 'payout_in_transit',
                  'tax_payable') THEN 'liability'
    WHEN word IN ('commission', 'sales', 'breakage') THEN 'income'
    WHEN word IN ('provider_fees', 'promotions', 'dispute_losses') THEN 'expense'
  END;
  IF kind IS NULL THEN
    PERFORM refuse('unknown_account', format('There is no account called %s.', p_code));
  END IF;
  guarded := word IN ('credit', 'entitlement');
  -- A practitioner's balance keeps one row, so that its entries can say the balance after them.
  shards := CASE WHEN word IN ('credit', 'entitlement', 'earnings_pending', 'earnings_available', 'payout_in_transit')
                 THEN 1 ELSE 64 END;
  owner_id := CASE WHEN shards = 1 THEN split_part(p_code, ':', 2)::uuid END;
END $$;

CREATE FUNCTION public.add_places(p_sessions uuid[], p_places integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF EXISTS (SELECT FROM sessions WHERE id = ANY (p_sessions)
                AND (status <> 'scheduled' OR places_taken + p_places > capacity)) THEN
    RETURN false;
  END IF;
  UPDATE sessions SET places_taken = places_taken + p_places, updated_at = now()
   WHERE id = ANY (p_sessions) AND places_taken + p_places <= capacity;
  RETURN true;
END $$;

CREATE FUNCTION public.add_up(p_from timestamp with time zone, p_to timestamp with time zone) RETURNS TABLE(currency text, payment_type text, method text, payments bigint, collected bigint, failed bigint, canceled bigint, orders bigint, given_back bigint, gross_minor bigint, refunded_minor bigint, lost_minor bigint)
    LANGUAGE sql STABLE
    AS $$
  SELECT f.currency, f.payment_type, f.method, count(*), count(*) FILTER (WHERE f.is_collected),
         count(*) FILTER (WHERE f.is_failed), count(*) FILTER (WHERE f.status = 'canceled' AND NOT f.is_failed),
         count(*) FILTER (WHERE f.is_collected AND f.payment_type NOT IN ('balance', 'addon')),
         count(*) FILTER (WHERE f.refunded_minor > 0),
         coalesce(sum(f.amount_minor) FILTER (WHERE f.is_collected), 0)::bigint, sum(f.refunded_minor)::bigint,
         sum(f.lost_minor)::bigint
    FROM payment_facts f WHERE f.created_at >= p_from AND f.created_at < p_to GROUP BY 1, 2, 3
$$;

CREATE TABLE public.payouts (
    id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text DEFAULT 'requested'::text NOT NULL,
    method text NOT NULL,
    provider text NOT NULL,
    payee_ref text,
    provider_ref text,
    provider_ids jsonb DEFAULT '{}'::jsonb NOT NULL,
    returned_minor bigint DEFAULT '0'::bigint NOT NULL,
    failure_code text,
    note text,
    week date,
    requested_by uuid,
    paid_at timestamp with time zone,
    failed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_payouts_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_payouts_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_payouts_failed_is_back CHECK (((status = 'failed'::text) = (returned_minor = amount_minor))),
    CONSTRAINT ck_payouts_method_known CHECK ((method = ANY (ARRAY['provider'::text, 'manual'::text]))),
    CONSTRAINT ck_payouts_payee_of_provider CHECK (((method = 'provider'::text) = (payee_ref IS NOT NULL))),
    CONSTRAINT ck_payouts_returned_range CHECK (((returned_minor >= 0) AND (returned_minor <= amount_minor))),
    CONSTRAINT ck_payouts_status_known CHECK ((status = ANY (ARRAY['requested'::text, 'in_transit'::text, 'paid'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.payouts FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.again_payout(p public.payouts, p_practitioner uuid) RETURNS text
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF p.practitioner_id <> p_practitioner THEN
    PERFORM refuse('not_found', 'There is no such payout.');
  END IF;
  RETURN p.method;
END $$;

CREATE FUNCTION public.alert_administrators(p_subject text, p_body text, p_cause text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM queue_mail(u.id, u.email, p_subject, p_body, p_cause || ':' || u.id)
     FROM users u WHERE u.role IN ('admin', 'owner') AND u.is_active;
END $$;

CREATE FUNCTION public.amount_owed(p_purpose text, p_purpose_id uuid, OUT owed_minor bigint, OUT currency text, OUT payer uuid, OUT is_priced boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE b bookings; owing record;
BEGIN
  IF p_purpose LIKE 'booking\_%' THEN
    b := lock_booking(p_purpose_id);
    IF b.id IS NULL THEN
      PERFORM refuse('not_found', 'There is no such booking.');
    END IF;
    PERFORM check_payable(b);
    owed_minor := CASE WHEN p_purpose = 'booking_deposit' AND b.status = 'pending' THEN b.due_now_minor
                       ELSE b.total_minor END - (b.paid_minor - b.refunded_minor);
    currency := b.currency;
    payer := b.client_id;
    is_priced := p_purpose IN ('booking_full', 'booking_deposit');
  ELSIF p_purpose = 'invoice' THEN
    SELECT * INTO owing FROM invoice_owed(p_purpose_id);
    owed_minor := owing.owed_minor;
    currency := owing.currency;
    payer := owing.payer;
    is_priced := false;
  ELSE
    PERFORM refuse('not_supported', format('A payment for %s cannot be started like this.', p_purpose));
  END IF;
END $$;

CREATE FUNCTION public.annotate_payment(p_payment uuid, p_metadata jsonb, p_ours jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_may_move(p_payment, false);
  UPDATE payments SET
    metadata = coalesce(p_metadata || coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(metadata)
                                                 WHERE starts_with(key, 'moorage:')), '{}'), metadata) || p_ours,
    updated_at = now()
   WHERE id = p_payment;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
END $$;

CREATE FUNCTION public.apply_booking_payment(p_booking uuid, p_payment uuid, p_amount bigint, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings := lock_booking(p_booking); lapsed boolean;
BEGIN
  IF b.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  END IF;
  lapsed := (b.status = 'pending' AND b.hold_expires_at <= now()) OR b.cancel_kind IS NOT DISTINCT FROM 'expired';
  IF b.paid_minor - b.refunded_minor + p_amount > b.total_minor OR (b.status = 'cancelled' AND NOT lapsed) THEN
    RETURN give_back(b, p_payment, p_amount);
  ELSIF lapsed AND NOT take_again(b, p_now) THEN
    IF b.status = 'pending' THEN
      PERFORM drop_booking(b, 'not_available');
    ELSE
      UPDATE bookings SET cancel_kind = 'not_available', updated_at = now() WHERE id = b.id OR parent_id = b.id;
    END IF;
    PERFORM tell_booking(b.id, 'not_available');
    RETURN give_back(b, p_payment, p_amount);
  END IF;
  UPDATE bookings SET paid_minor = paid_minor + p_amount, updated_at = now() WHERE id = b.id RETURNING * INTO b;
  IF b.status IN ('confirmed', 'completed') THEN
    PERFORM earn(b, p_payment, p_amount);
    RETURN 'paid';
  ELSIF b.paid_minor - b.refunded_minor < b.due_now_minor THEN
    RETURN 'paid';
  END IF;
  PERFORM make_confirmed(b, p_now);
  RETURN 'confirmed';
END $$;

CREATE FUNCTION public.apply_invoice_payment(p_invoice uuid, p_payment uuid, p_amount bigint, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE i invoices := lock_invoice(p_invoice); currency text; tax bigint;
BEGIN
  SELECT p.currency INTO STRICT currency FROM payments p WHERE p.id = p_payment;
  IF i.id IS NULL OR i.booking_id IS NOT NULL OR i.currency <> currency
     OR i.status NOT IN ('open', 'uncollectible') OR i.paid_minor + p_amount > i.gross_minor THEN
    PERFORM plan_refund(new_id(), new_id(), p_payment, p_amount, 'invoice_' || coalesce(i.status, 'missing'), NULL);
    RETURN 'refunded';
  END IF;
  tax := half_up(i.tax_minor::numeric * (i.paid_minor + p_amount), i.gross_minor)
         - half_up(i.tax_minor::numeric * i.paid_minor, i.gross_minor);
  PERFORM record_receipt(p_payment, 'invoice', i.id, p_amount, tax, i.currency, 'held:invoice');
  UPDATE payments SET tax_minor = tax WHERE id = p_payment AND tax_minor <> tax;
  RETURN count_invoice_payment(i, p_payment, p_amount, p_now);
END $$;

CREATE FUNCTION public.apply_payment(p_purpose text, p_purpose_id uuid, p_payment uuid, p_amount bigint, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF p_purpose LIKE 'booking\_%' THEN
    IF apply_booking_payment(p_purpose_id, p_payment, p_amount, p_now) <> 'refunded' THEN
      PERFORM cover_booking_invoices(p_purpose_id, p_payment, p_amount, p_now);
    END IF;
  ELSIF p_purpose = 'invoice' THEN
    PERFORM apply_invoice_payment(p_purpose_id, p_payment, p_amount, p_now);
  ELSIF is_sold_at_once(p_purpose) THEN
    PERFORM tax_sold_at_once(p_payment);
  END IF;
END $$;

CREATE FUNCTION public.apply_practitioner(p_id uuid, p_display_name text, p_bio text, p_timezone text, p_specializations text[], p_certifications text[]) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_id uuid;
BEGIN
  INSERT INTO practitioners AS p (id, user_id, display_name, bio, timezone, specializations, certifications)
  VALUES (p_id, asking_user(), p_display_name, p_bio, p_timezone, p_specializations, p_certifications)
  ON CONFLICT (user_id) DO UPDATE
     SET display_name = excluded.display_name, bio = excluded.bio, timezone = excluded.timezone,
         specializations = excluded.specializations, certifications = excluded.certifications,
         verification_status = 'pending', verification_reason = NULL, updated_at = now()
   WHERE p.verification_status = 'rejected'
  RETURNING id INTO v_id;
  IF v_id IS NULL THEN
    PERFORM refuse('already_applied');
  END IF;
  RETURN v_id;
END $$;

CREATE FUNCTION public.appoint_practitioner(p_id uuid, p_user uuid, p_display_name text, p_timezone text, p_by uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO practitioners (id, user_id, display_name, timezone, verification_status, verified_by, verified_at)
  VALUES (p_id, p_user, p_display_name, p_timezone, 'verified', p_by, now()) ON CONFLICT (user_id) DO NOTHING;
  IF FOUND THEN
    PERFORM record_action('practitioner.appointed', 'practitioner', p_id, NULL, p_by);
  END IF;
END $$;

CREATE FUNCTION public.appointments_of(p_booking uuid, p_by uuid) RETURNS TABLE(id uuid, status text, starts_at timestamp with time zone, ends_at timestamp with time zone, title text, practitioner_name text, location text, sequence integer, changed_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT b.id, b.status, b.starts_at, b.ends_at, s.title, p.display_name,
         CASE WHEN s.is_virtual THEN 'Online'
              ELSE concat_ws(', ', nullif(l.address, ''), l.city, nullif(l.state, ''), l.country) END,
         top.reschedule_count + (b.status = 'cancelled')::integer, b.updated_at
    FROM bookings top
    JOIN bookings b ON b.id = top.id AND NOT EXISTS (SELECT FROM bookings c WHERE c.parent_id = top.id)
                    OR b.parent_id = top.id
    JOIN services s ON s.id = b.service_id
    JOIN practitioners p ON p.id = b.practitioner_id
    LEFT JOIN practitioner_locations l ON l.id = s.location_id
   WHERE top.id = p_booking AND booking_side(top, p_by) IS NOT NULL
   ORDER BY b.starts_at
$$;

CREATE FUNCTION public.asking_admin() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT EXISTS (SELECT FROM users WHERE id = asking_user() AND role IN ('admin', 'owner') AND is_active)
$$;

CREATE FUNCTION public.asking_practitioner() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT id FROM practitioners WHERE user_id = asking_user()
$$;

CREATE FUNCTION public.asking_product() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce(nullif(current_setting('role', true), 'none'), session_user) = 'moorage_worker'
$$;

CREATE FUNCTION public.asking_user() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $_$
  SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                  substring(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
                            FROM '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'))::uuid
$_$;

CREATE FUNCTION public.available_earnings(p_practitioner uuid, p_currency text) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce(account_balance('earnings_available:' || p_practitioner, p_currency), 0)
$$;

CREATE FUNCTION public.begin_idempotent(p_caller text, p_key text, p_fingerprint bytea, p_subject uuid, p_lock_s integer, p_hours integer) RETURNS TABLE(outcome text, subject_id uuid, status integer, content_type text, body bytea, wait_s integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_row idempotency_keys;
BEGIN
  INSERT INTO idempotency_keys (caller, key, fingerprint, subject_id, state, locked_until, expires_at)
  VALUES (p_caller, p_key, p_fingerprint, p_subject, 'running', clock_timestamp() + make_interval(secs => p_lock_s),
          clock_timestamp() + make_interval(hours => p_hours))
  ON CONFLICT ON CONSTRAINT pk_idempotency_keys DO NOTHING;
  IF FOUND THEN
    RETURN QUERY SELECT 'begin', p_subject, NULL::integer, NULL::text, NULL::bytea, 0;
    RETURN;
  END IF;
  SELECT * INTO v_row FROM idempotency_keys k WHERE k.caller = p_caller AND k.key = p_key FOR UPDATE;
  IF NOT FOUND THEN
    -- Released between the two statements: whoever asks again finds the key free.
    RETURN QUERY SELECT 'running', NULL::uuid, NULL::integer, NULL::text, NULL::bytea, 1;
  ELSIF v_row.expires_at <= clock_timestamp() THEN
    UPDATE idempotency_keys k
       SET fingerprint = p_fingerprint, subject_id = p_subject, state = 'running', status = NULL, content_type = NULL,
           body = NULL, locked_until = clock_timestamp() + make_interval(secs => p_lock_s), created_at = now(),
           expires_at = clock_timestamp() + make_interval(hours => p_hours)
     WHERE k.caller = p_caller AND k.key = p_key;
    RETURN QUERY SELECT 'begin', p_subject, NULL::integer, NULL::text, NULL::bytea, 0;
  ELSIF v_row.fingerprint <> p_fingerprint THEN
    RETURN QUERY SELECT 'reused', NULL::uuid, NULL::integer, NULL::text, NULL::bytea, 0;
  ELSIF v_row.state = 'answered' AND v_row.body IS NOT NULL THEN
    RETURN QUERY SELECT 'answered', v_row.subject_id, v_row.status, v_row.content_type, v_row.body, 0;
  ELSIF v_row.state = 'running' AND v_row.locked_until > clock_timestamp() THEN
    RETURN QUERY SELECT 'running', NULL::uuid, NULL::integer, NULL::text, NULL::bytea,
                        greatest(1, ceil(extract(epoch FROM v_row.locked_until - clock_timestamp()))::integer);
  ELSE
    UPDATE idempotency_keys k
       SET state = 'running', locked_until = clock_timestamp() + make_interval(secs => p_lock_s)
     WHERE k.caller = p_caller AND k.key = p_key;
    RETURN QUERY SELECT 'begin', v_row.subject_id, NULL::integer, NULL::text, NULL::bytea, 0;
  END IF;
END $$;

CREATE TABLE public.payees (
    id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    provider text NOT NULL,
    provider_ref text,
    can_be_paid boolean DEFAULT false NOT NULL,
    details_submitted boolean DEFAULT false NOT NULL,
    missing text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_payees_paid_where_known CHECK (((provider_ref IS NOT NULL) OR (NOT can_be_paid)))
);

ALTER TABLE ONLY public.payees FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.begin_payee(p_id uuid, p_practitioner uuid, p_provider text) RETURNS public.payees
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  INSERT INTO payees (id, practitioner_id, provider) VALUES (p_id, p_practitioner, p_provider)
  ON CONFLICT (practitioner_id, provider) DO UPDATE SET provider = excluded.provider
  RETURNING *
$$;

CREATE FUNCTION public.bill_booking(p_invoice uuid, p_booking uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings; owed bigint; earlier invoices; client users;
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to write.');
  b := lock_booking(p_booking);
  owed := b.total_minor - (b.paid_minor - b.refunded_minor);
  IF b.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF b.status = 'cancelled' THEN
    PERFORM refuse('invalid_state', 'This booking was cancelled.');
  ELSIF owed <= 0 THEN
    PERFORM refuse('nothing_owed', 'Nothing is owed for this booking.');
  END IF;
  FOR earlier IN SELECT * FROM invoices WHERE booking_id = b.id AND status IN ('open', 'uncollectible')
                  ORDER BY id FOR UPDATE LOOP
    IF earlier.gross_minor - earlier.paid_minor = owed THEN
      RETURN earlier.id;
    END IF;
    PERFORM close_invoice(earlier.id, 'replaced', p_now);
  END LOOP;
  SELECT * INTO STRICT client FROM users WHERE id = b.client_id;
  PERFORM draft_invoice(p_invoice, b.client_id, client.email,
    concat_ws(' ', nullif(client.first_name, ''), nullif(client.last_name, '')), coalesce(b.address, ''), b.id,
    b.currency,
    jsonb_build_array(jsonb_build_object(
      'description', CASE WHEN owed < b.total_minor THEN 'Balance: ' ELSE '' END || describe_booking(b.id),
      'quantity', 1, 'unit_minor', owed, 'tax_inclusive', true, 'tax_bps',
      CASE WHEN EXISTS (SELECT FROM practitioners p WHERE p.id = b.practitioner_id AND p.is_house)
           THEN own_tax_bps() ELSE 0 END)), '');
  PERFORM finalize_invoice(p_invoice, p_series, p_due_at, p_now);
  RETURN p_invoice;
END $$;

CREATE FUNCTION public.block_time(p_block uuid, p_practitioner uuid, p_during tstzrange) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
BEGIN
  PERFORM require_practitioner(p_practitioner);
  PERFORM pg_advisory_xact_lock(v_resource);
  PERFORM free_expired_claims(v_resource);
  RETURN claim_time(p_block, v_resource, p_during, 'block', NULL, NULL, NULL);
END $$;

CREATE FUNCTION public.blocks_of(p_practitioner uuid, p_from timestamp with time zone) RETURNS TABLE(id uuid, starts_at timestamp with time zone, ends_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM require_practitioner(p_practitioner);
  RETURN QUERY
    SELECT c.id, lower(c.during), upper(c.during) FROM practitioners p JOIN claims c
      ON int8range(c.resource_no, c.resource_no, '[]') && int8range(p.resource_no, p.resource_no, '[]')
      AND c.during && tstzrange(p_from, NULL)
    WHERE p.id = p_practitioner AND c.active AND c.kind = 'block' ORDER BY 2;
END $$;

CREATE TABLE public.bookings (
    id uuid NOT NULL,
    service_id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    client_id uuid NOT NULL,
    session_id uuid,
    parent_id uuid,
    status text DEFAULT 'pending'::text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    timezone text NOT NULL,
    places integer DEFAULT 1 NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    due_now_minor bigint NOT NULL,
    commission_bps integer NOT NULL,
    commission_minor bigint NOT NULL,
    free_until_hours integer NOT NULL,
    late_fee_bps integer NOT NULL,
    buffer_before_minutes integer NOT NULL,
    buffer_after_minutes integer NOT NULL,
    paid_minor bigint DEFAULT '0'::bigint NOT NULL,
    refunded_minor bigint DEFAULT '0'::bigint NOT NULL,
    special_requests text DEFAULT ''::text NOT NULL,
    address text,
    state_no integer,
    hold_expires_at timestamp with time zone,
    hold_extended boolean DEFAULT false NOT NULL,
    confirmed_at timestamp with time zone,
    completed_at timestamp with time zone,
    attended boolean,
    cancelled_at timestamp with time zone,
    cancelled_by uuid,
    cancel_reason text,
    cancel_kind text,
    reschedule_count integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_bookings_amounts CHECK (((total_minor >= 0) AND ((due_now_minor >= 0) AND (due_now_minor <= total_minor)))),
    CONSTRAINT ck_bookings_cancel_kind_known CHECK ((cancel_kind = ANY (ARRAY['client'::text, 'practitioner'::text, 'admin'::text, 'expired'::text, 'not_available'::text]))),
    CONSTRAINT ck_bookings_cancelled_when CHECK (((status = 'cancelled'::text) = (cancelled_at IS NOT NULL))),
    CONSTRAINT ck_bookings_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_bookings_never_over_refunded CHECK (((refunded_minor >= 0) AND (refunded_minor <= paid_minor))),
    CONSTRAINT ck_bookings_pending_expires CHECK (((status <> 'pending'::text) OR (parent_id IS NOT NULL) OR (hold_expires_at IS NOT NULL))),
    CONSTRAINT ck_bookings_places_positive CHECK ((places > 0)),
    CONSTRAINT ck_bookings_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'completed'::text, 'cancelled'::text]))),
    CONSTRAINT ck_bookings_time_order CHECK ((starts_at < ends_at))
);

ALTER TABLE ONLY public.bookings FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.booking_side(b public.bookings, p_by uuid) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT CASE
    WHEN b.client_id = p_by THEN 'client'
    WHEN EXISTS (SELECT FROM practitioners p WHERE p.id = b.practitioner_id AND p.user_id = p_by) THEN 'practitioner'
    WHEN EXISTS (SELECT FROM users u WHERE u.id = p_by AND u.role IN ('admin', 'owner') AND u.is_active) THEN 'admin' END
$$;

CREATE FUNCTION public.bounce_by_hand(p_payment uuid, p_reason text, p_by uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments := lock_by_hand(p_payment);
BEGIN
  IF p.status = 'failed' THEN
    RETURN;
  ELSIF p.status NOT IN ('pending', 'succeeded') OR p.refund_pending_minor > 0 THEN
    PERFORM refuse('invalid_state', format('This payment is %s.', p.status));
  END IF;
  UPDATE payments SET status = 'failed', failure_code = 'bounced', succeeded_at = NULL, updated_at = now() WHERE id = p.id;
  INSERT INTO payment_audit (payment_id, old_status, new_status, change_reason, provider_data, changed_by)
  VALUES (p.id, p.status, 'failed', 'bounced', jsonb_build_object('reason', p_reason, 'receipt', 'void'), p_by);
  PERFORM bounce_by_hand(x.id, p_reason, p_by) FROM payments x WHERE x.id = excess_of(p.id) AND x.status <> 'canceled';
  IF p.status = 'pending' THEN
    RETURN;
  END IF;
  PERFORM reverse_earning(p.id, 'payment_reversed', 'payment', p.id, 'bounced:' || p.id, p.amount_minor, p.currency,
                          held_account(p), 'clearing:' || p.provider);
  IF p.purpose LIKE 'booking\_%' THEN
    UPDATE bookings SET paid_minor = paid_minor - p.amount_minor, updated_at = now() WHERE id = p.purpose_id;
  END IF;
  PERFORM uncount_invoice_payment(p.id);
END $$;

CREATE FUNCTION public.bounce_by_hand_for_asking(p_payment uuid, p_reason text, p_by uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_may_move(p_payment, false);
  PERFORM bounce_by_hand(p_payment, p_reason, asking_user());
END $$;

CREATE FUNCTION public.busy_ranges(p_resource bigint, p_from timestamp with time zone, p_to timestamp with time zone, p_ignore_booking uuid) RETURNS TABLE(during tstzrange)
    LANGUAGE sql STABLE
    AS $$
  SELECT c.during FROM claims c
  WHERE c.active AND int8range(c.resource_no, c.resource_no, '[]') && int8range(p_resource, p_resource, '[]')
    AND c.during && tstzrange(p_from, p_to) AND (c.kind <> 'hold' OR c.expires_at > now())
    AND (p_ignore_booking IS NULL OR c.booking_id IS DISTINCT FROM p_ignore_booking)
  UNION ALL
  SELECT o.during FROM outside_busy o
  WHERE int8range(o.resource_no, o.resource_no, '[]') && int8range(p_resource, p_resource, '[]')
    AND o.during && tstzrange(p_from, p_to)
$$;

CREATE FUNCTION public.cancel_booking(p_booking uuid, p_by uuid, p_reason text, p_now timestamp with time zone, OUT refund_minor bigint, OUT operations uuid[]) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings := lock_booking(p_booking); side text; fee bigint; refunds_planned uuid[];
BEGIN
  side := check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  PERFORM check_cancellable(b, side, p_now);
  SELECT t.refund_minor, t.fee_minor INTO refund_minor, fee FROM cancel_terms(b, side, p_now) AS t;
  PERFORM drop_booking(b, side, p_by, p_reason);
  operations := stop_collecting(b.id, 'booking_cancelled', p_by);
  SELECT r.planned_minor, operations || r.calls INTO refund_minor, operations
    FROM refund_booking(b, refund_minor, 'booking_cancelled', p_by) AS r;
  IF b.confirmed_at IS NOT NULL THEN
    PERFORM count_gross(b.practitioner_id, b.confirmed_at, b.currency, fee - b.total_minor);
  END IF;
  PERFORM tell_booking(b.id, 'cancelled');
END $$;

CREATE FUNCTION public.cancel_for_asking(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_may_move(p_payment, true);
  RETURN cancel_open_payment(p_operation, p_payment, p_reason, asking_user());
END $$;

CREATE FUNCTION public.cancel_open_payment(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; running uuid;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF p.status = 'canceled' THEN
    RETURN NULL;
  ELSIF p.status NOT IN ('pending', 'requires_action', 'processing', 'failed') THEN
    PERFORM refuse('invalid_state', format('This payment is %s: it cannot be cancelled.', p.status));
  ELSIF EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p_payment AND o.kind = 'capture'
                   AND o.status IN ('planned', 'called', 'unknown')) THEN
    PERFORM refuse('invalid_state', 'This payment is being collected at this moment.');
  END IF;
  PERFORM plan_cancel(p_operation, p_payment, p_reason, p_by);
  SELECT o.id INTO running FROM provider_operations o
   WHERE o.payment_id = p_payment AND o.kind = 'cancel' AND o.status IN ('planned', 'called', 'unknown');
  RETURN running;
END $$;

CREATE FUNCTION public.cancel_stale_payments(p_patience interval, p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE stale uuid; stopped integer := 0;
BEGIN
  FOR stale IN
    SELECT p.id FROM payments p LEFT JOIN bookings b ON b.id = p.purpose_id AND p.purpose LIKE 'booking\_%'
     WHERE p.status IN ('pending', 'requires_action')
       AND (b.status = 'cancelled' AND b.cancelled_at < now() - p_patience OR p.expires_at < now() - p_patience)
       AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel')
     ORDER BY p.id LIMIT p_limit FOR UPDATE OF p SKIP LOCKED
  LOOP
    PERFORM plan_cancel(new_id(), stale, 'expiry');
    stopped := stopped + 1;
  END LOOP;
  RETURN stopped;
END $$;

CREATE FUNCTION public.cancel_terms(b public.bookings, p_side text, p_now timestamp with time zone, OUT refund_minor bigint, OUT fee_minor bigint) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE kept bigint := b.paid_minor - b.refunded_minor;
BEGIN
  fee_minor := CASE WHEN p_side = 'client' AND b.status <> 'pending'
                         AND p_now > b.starts_at - make_interval(hours => b.free_until_hours)
                    THEN least(kept, round(b.total_minor::numeric * b.late_fee_bps / 10000)::bigint) ELSE 0 END;
  refund_minor := kept - fee_minor;
END $$;

CREATE FUNCTION public.capture_for_asking(p_operation uuid, p_payment uuid, p_amount bigint) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_may_move(p_payment, EXISTS (SELECT FROM payments WHERE id = p_payment AND capture_method = 'automatic'));
  RETURN plan_capture(p_operation, p_payment, p_amount);
END $$;

CREATE FUNCTION public.change_booking(p_booking uuid, p_by uuid, p_requests text, p_people jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE b bookings; side text; priced boolean;
BEGIN
  SELECT * INTO b FROM bookings WHERE id = p_booking FOR UPDATE;
  side := check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  IF b.parent_id IS NOT NULL THEN
    PERFORM refuse('invalid_state', 'This is one date of a course, which is booked as a whole.');
  ELSIF b.status = 'cancelled' OR (side = 'client' AND b.status = 'completed') THEN
    PERFORM refuse('invalid_state', format('This booking is already %s.', b.status));
  ELSIF side = 'client' AND jsonb_path_exists(p_people, '$[*] ? (exists(@.attended) || exists(@.notes))') THEN
    PERFORM refuse('forbidden', 'Who attended, and notes, are for the practitioner to write.');
  ELSIF jsonb_array_length(p_people) <> b.places THEN
    PERFORM refuse('participants_fixed', format('This booking is for %s.', b.places));
  END IF;
  SELECT coalesce(bool_and(NOT line.person ? 'option' OR p.option_name IS NOT DISTINCT FROM line.person ->> 'option'), true)
    INTO priced
    FROM jsonb_array_elements(p_people) WITH ORDINALITY AS line (person, at)
    JOIN booking_participants p ON p.booking_id = b.id AND p.position = line.at;
  IF NOT priced THEN
    PERFORM refuse('participants_fixed', 'The option is part of the price and stays.');
  END IF;
  UPDATE bookings SET special_requests = coalesce(p_requests, special_requests), updated_at = now() WHERE id = b.id;
  UPDATE booking_participants p SET
      name = CASE WHEN line.person ? 'name' THEN coalesce(line.person ->> 'name', '') ELSE p.name END,
      email = CASE WHEN line.person ? 'email' THEN line.person ->> 'email' ELSE p.email END,
      attended = CASE WHEN line.person ? 'attended' THEN (line.person ->> 'attended')::boolean ELSE p.attended END,
      notes = CASE WHEN line.person ? 'notes' THEN coalesce(line.person ->> 'notes', '') ELSE p.notes END
    FROM jsonb_array_elements(p_people) WITH ORDINALITY AS line (person, at)
   WHERE p.booking_id = b.id AND p.position = line.at;
END $_$;

CREATE FUNCTION public.change_order(p_booking uuid, p_by uuid, p_places integer, p_option text, p_address text, p_requests text, p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings := lock_booking(p_booking); side text;
BEGIN
  side := check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  PERFORM check_changeable(b, side, p_now);
  UPDATE bookings SET address = coalesce(p_address, address), special_requests = coalesce(p_requests, special_requests),
                      updated_at = now() WHERE id = b.id RETURNING * INTO b;
  IF p_places IS NULL AND p_option IS NULL THEN
    RETURN '{}';
  ELSIF b.session_id IS NOT NULL OR EXISTS (SELECT FROM bookings WHERE parent_id = b.id) THEN
    PERFORM refuse('invalid_state', 'Places in a date of a workshop or course are booked anew.');
  END IF;
  RETURN reprice_booking(b, seat_guests(b, coalesce(p_places, b.places), p_option), p_by, p_now);
END $$;

CREATE FUNCTION public.check_cancellable(b public.bookings, p_side text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF b.status IN ('cancelled', 'completed') THEN
    PERFORM refuse('invalid_state', format('This booking is already %s.', b.status));
  ELSIF p_side = 'client' AND b.starts_at <= p_now THEN
    PERFORM refuse('invalid_state', 'This booking has begun.');
  END IF;
END $$;

CREATE TABLE public.payments (
    id uuid NOT NULL,
    no bigint NOT NULL,
    purpose text NOT NULL,
    purpose_id uuid,
    payer_id uuid,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    provider text NOT NULL,
    provider_ref text,
    payment_method text,
    client_secret text,
    checkout_url text,
    failure_code text,
    capture_method text DEFAULT 'automatic'::text NOT NULL,
    authorized_minor bigint,
    mode text DEFAULT 'intent'::text NOT NULL,
    lines jsonb,
    description text,
    return_url text,
    cancel_url text,
    payer_email text,
    provider_ids jsonb DEFAULT '{}'::jsonb NOT NULL,
    tax_minor bigint DEFAULT '0'::bigint NOT NULL,
    fee_minor bigint,
    fee_currency text,
    expires_at timestamp with time zone,
    refund_pending_minor bigint DEFAULT '0'::bigint NOT NULL,
    refunded_minor bigint DEFAULT '0'::bigint NOT NULL,
    disputed_minor bigint DEFAULT '0'::bigint NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    succeeded_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_payments_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_payments_capture_method_known CHECK ((capture_method = ANY (ARRAY['automatic'::text, 'manual'::text]))),
    CONSTRAINT ck_payments_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_payments_disputed_range CHECK (((disputed_minor >= 0) AND (disputed_minor <= amount_minor))),
    CONSTRAINT ck_payments_mode_known CHECK ((mode = ANY (ARRAY['intent'::text, 'checkout'::text, 'subscription'::text, 'invoice'::text]))),
    CONSTRAINT ck_payments_never_over_refunded CHECK (((refunded_minor >= 0) AND (refund_pending_minor >= 0) AND ((refunded_minor + refund_pending_minor) <= amount_minor))),
    CONSTRAINT ck_payments_purpose_known CHECK ((purpose = ANY (ARRAY['booking_full'::text, 'booking_deposit'::text, 'booking_balance'::text, 'booking_add_on'::text, 'invoice'::text, 'credit'::text, 'package'::text, 'subscription'::text, 'free_amount'::text]))),
    CONSTRAINT ck_payments_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'requires_action'::text, 'processing'::text, 'succeeded'::text, 'partially_refunded'::text, 'refunded'::text, 'disputed'::text, 'charged_back'::text, 'failed'::text, 'canceled'::text]))),
    CONSTRAINT ck_payments_tax_range CHECK (((tax_minor >= 0) AND (tax_minor <= amount_minor)))
);

ALTER TABLE ONLY public.payments FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.check_capturable(p public.payments, p_amount bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF p.status NOT IN ('pending', 'requires_action', 'processing') OR p.succeeded_at IS NOT NULL OR EXISTS (
       SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel' AND o.status <> 'abandoned') THEN
    PERFORM refuse('invalid_state', format('This payment is %s: nothing of it can be collected.',
                                           CASE p.status WHEN 'processing' THEN 'being cancelled' ELSE p.status END));
  ELSIF p.capture_method = 'manual' AND p.authorized_minor IS NULL THEN
    PERFORM refuse('invalid_state', 'The payer has not paid yet: nothing is reserved.');
  ELSIF p_amount <= 0 THEN
    PERFORM refuse('invalid_amount', 'What is collected is more than nothing.');
  ELSIF p_amount > coalesce(p.authorized_minor, p.amount_minor) THEN
    PERFORM refuse('capture_exceeds_authorization', format('%s %s is reserved.',
                   money_text(coalesce(p.authorized_minor, p.amount_minor), p.currency), p.currency));
  ELSIF p.capture_method = 'automatic' AND p_amount <> p.amount_minor THEN
    PERFORM refuse('amount_mismatch', 'What was approved is collected whole.');
  END IF;
END $$;

CREATE FUNCTION public.check_changeable(b public.bookings, p_side text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF b.cancel_kind = 'expired' OR (b.status = 'pending' AND b.hold_expires_at <= now()) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  ELSIF b.status NOT IN ('pending', 'confirmed') THEN
    PERFORM refuse('invalid_state', format('This booking is already %s.', b.status));
  ELSIF b.starts_at <= p_now THEN
    PERFORM refuse('invalid_state', 'This booking has begun.');
  ELSIF p_side = 'client' AND b.status = 'confirmed'
        AND p_now > b.starts_at - make_interval(hours => b.free_until_hours) THEN
    PERFORM refuse('invalid_state', format('Changes were possible until %s.',
      spoken_time(b.starts_at - make_interval(hours => b.free_until_hours), b.timezone)));
  END IF;
END $$;

CREATE FUNCTION public.check_document_sums() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE is_right boolean;
BEGIN
  IF TG_TABLE_NAME = 'invoices' THEN
    SELECT (sum(net_minor), sum(tax_minor), sum(gross_minor)) = (NEW.net_minor, NEW.tax_minor, NEW.gross_minor)
      INTO is_right FROM invoice_lines WHERE invoice_id = NEW.id;
  ELSE
    SELECT (sum(net_minor), sum(tax_minor), sum(gross_minor)) = (NEW.net_minor, NEW.tax_minor, NEW.gross_minor)
      INTO is_right FROM quote_lines WHERE quote_id = NEW.id;
  END IF;
  IF is_right IS NOT TRUE THEN
    RAISE EXCEPTION 'the totals of % % are not the sums of its lines', TG_TABLE_NAME, NEW.id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION public.check_may_invoice(p_sentence text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF NOT (asking_admin() OR asking_product()) THEN
    PERFORM refuse('forbidden', p_sentence);
  END IF;
END $$;

CREATE FUNCTION public.check_may_move(p_payment uuid, p_own boolean) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF asking_admin() THEN
    RETURN;
  ELSIF NOT EXISTS (SELECT FROM payments WHERE id = p_payment AND payer_id = asking_user()) THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF NOT p_own THEN
    PERFORM refuse('forbidden', 'This is for administrators.');
  END IF;
END $$;

CREATE FUNCTION public.check_not_enrolled(p_booking uuid, p_client uuid, p_service uuid, p_session uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('enrolment'), hashtext(p_client::text || p_service::text));
  IF EXISTS (SELECT FROM bookings b
              WHERE b.client_id = p_client AND b.service_id = p_service AND b.parent_id IS NULL AND b.id <> p_booking
                AND (p_session IS NULL OR b.session_id = p_session) AND b.ends_at > p_now
                AND (b.status = 'confirmed' OR b.status = 'pending' AND b.hold_expires_at > now())) THEN
    PERFORM refuse('already_enrolled');
  END IF;
END $$;

CREATE FUNCTION public.check_owed(p_purpose text, p_purpose_id uuid, p_amount bigint, p_currency text) RETURNS uuid
    LANGUAGE plpgsql
    AS $$
DECLARE owing record;
BEGIN
  SELECT * INTO owing FROM amount_owed(p_purpose, p_purpose_id);
  IF owing.owed_minor <= 0 THEN
    PERFORM refuse('invalid_state', 'Nothing is owed for this.');
  ELSIF p_currency <> owing.currency THEN
    PERFORM refuse('amount_mismatch', format('This is paid in %s.', owing.currency));
  ELSIF p_amount > owing.owed_minor OR owing.is_priced AND p_amount <> owing.owed_minor THEN
    PERFORM refuse('amount_mismatch', format('%s %s is owed.', money_text(owing.owed_minor, owing.currency), owing.currency));
  END IF;
  RETURN owing.payer;
END $$;

CREATE FUNCTION public.check_payable(b public.bookings) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF b.status = 'cancelled' AND b.cancel_kind = 'expired' OR b.status = 'pending' AND b.hold_expires_at <= now() THEN
    PERFORM refuse('hold_expired', 'The time was kept for you until its hold expired: book again.');
  ELSIF b.status = 'cancelled' THEN
    PERFORM refuse('invalid_state', 'This booking was cancelled.');
  END IF;
END $$;

CREATE FUNCTION public.check_refundable(p public.payments, p_amount bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE left_minor bigint := p.amount_minor - p.refunded_minor - p.refund_pending_minor;
BEGIN
  IF p.status = 'disputed' THEN
    PERFORM refuse('payment_disputed', 'This payment is disputed: the provider holds the money until it is decided.');
  ELSIF p.status NOT IN ('succeeded', 'partially_refunded', 'refunded') THEN
    PERFORM refuse('not_refundable', format('This payment is %s: there is nothing to give back.', p.status));
  ELSIF p_amount <= 0 THEN
    PERFORM refuse('invalid_amount', 'A refund is more than nothing.');
  ELSIF p_amount > left_minor THEN
    PERFORM refuse('refund_exceeds_payment', format('%s %s is left to refund.', money_text(left_minor, p.currency), p.currency));
  END IF;
END $$;

CREATE FUNCTION public.check_reports() RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden', 'Reports are for administrators.');
  END IF;
END $$;

CREATE FUNCTION public.check_side(b public.bookings, p_booking uuid, p_by uuid, p_allowed text[]) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE side text := booking_side(b, p_by);
BEGIN
  IF b.id IS NULL OR side IS NULL THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF side <> ALL (p_allowed) THEN
    PERFORM refuse('forbidden', format('This is for the %s of the booking.', p_allowed[1]));
  ELSIF b.id <> p_booking THEN
    PERFORM refuse('invalid_state', 'This is one date of a course, which is booked as a whole.');
  END IF;
  RETURN side;
END $$;

CREATE FUNCTION public.check_transaction_balances() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE lines bigint; total numeric;
BEGIN
  SELECT count(*), sum(amount_minor) INTO lines, total FROM ledger_entries WHERE transaction_id = NEW.transaction_id;
  IF lines < 2 OR total <> 0 THEN
    PERFORM refuse('unbalanced_transaction', 'A transaction has two or more entries that sum to zero.');
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION public.check_transaction_has_entries() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ledger_entries WHERE transaction_id = NEW.id) THEN
    PERFORM refuse('unbalanced_transaction', 'A transaction has two or more entries that sum to zero.');
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION public.choose_tax_rate(p_country text, p_region text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE chosen tax_rates;
BEGIN
  PERFORM FROM tax_rates ORDER BY id FOR UPDATE;
  SELECT * INTO chosen FROM tax_rates WHERE country = p_country AND region IN (p_region, '') ORDER BY region DESC LIMIT 1;
  UPDATE tax_rates SET applies = false, updated_at = now() WHERE applies AND id IS DISTINCT FROM chosen.id;
  UPDATE tax_rates SET applies = true, updated_at = now() WHERE id = chosen.id AND NOT applies;
  RETURN chosen.bps;
END $$;

CREATE FUNCTION public.claim_buffered(p_start timestamp with time zone, p_end timestamp with time zone, p_before_minutes integer, p_after_minutes integer) RETURNS tstzrange
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT tstzrange(p_start - p_before_minutes * interval '1 minute', p_end + p_after_minutes * interval '1 minute')
$$;

CREATE FUNCTION public.claim_events(p_limit integer, p_lease interval) RETURNS TABLE(id uuid, provider text, event_type text, body bytea, attempts integer)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE webhook_events w SET next_at = now() + p_lease, attempts = w.attempts + 1, updated_at = now()
    FROM (SELECT due.id FROM webhook_events due WHERE due.status = 'received' AND due.next_at <= now()
           ORDER BY due.next_at LIMIT p_limit FOR UPDATE SKIP LOCKED) AS due
   WHERE w.id = due.id
  RETURNING w.id, w.provider, w.event_type, w.body, w.attempts
$$;

CREATE FUNCTION public.claim_operation(p_operation uuid, p_lease interval) RETURNS TABLE(id uuid, was text, kind text, request jsonb, attempts integer, refund_id uuid, refund_minor bigint, payment_id uuid, provider text, provider_ref text, status text, amount_minor bigint, currency text, purpose text, purpose_id uuid, is_stopping boolean, capture_method text, mode text, lines jsonb, description text, return_url text, cancel_url text, payer_email text, customer text, expires_at timestamp with time zone, tax_minor bigint)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  WITH taken AS (
    SELECT o.id, o.status FROM provider_operations o
     WHERE o.id = p_operation AND o.payment_id IS NOT NULL
       AND (o.status = 'planned' OR o.status IN ('called', 'unknown') AND o.next_at <= now())
       AND (o.kind = 'create' OR NOT EXISTS (
              SELECT FROM provider_operations c WHERE c.payment_id = o.payment_id AND c.kind = 'create'
                 AND c.status IN ('planned', 'called', 'unknown')))
       FOR UPDATE SKIP LOCKED
  ), called AS (
    UPDATE provider_operations o
       SET status = 'called', attempts = o.attempts + 1, called_at = now(), updated_at = now(),
           next_at = now() + p_lease
      FROM taken WHERE o.id = taken.id RETURNING o.*, taken.status AS was
  )
  SELECT o.id, o.was, o.kind, o.request, o.attempts, o.refund_id, r.amount_minor, p.id, p.provider, p.provider_ref,
         p.status, p.amount_minor, p.currency, p.purpose, p.purpose_id,
         EXISTS (SELECT FROM provider_operations c WHERE c.payment_id = p.id AND c.kind = 'cancel'),
         p.capture_method, p.mode, p.lines, p.description, p.return_url, p.cancel_url,
         coalesce(p.payer_email, (SELECT u.email FROM users u WHERE o.kind = 'create' AND u.id = p.payer_id)),
         coalesce(p.provider_ids ->> 'customer', (SELECT c.provider_ref FROM provider_customers c
                   WHERE o.kind = 'create' AND c.provider = p.provider AND c.user_id = p.payer_id)),
         p.expires_at, p.tax_minor
    FROM called o JOIN payments p ON p.id = o.payment_id LEFT JOIN refunds r ON r.id = o.refund_id
$$;

CREATE FUNCTION public.claim_payout_call(p_operation uuid, p_lease interval) RETURNS TABLE(id uuid, was text, kind text, attempts integer, provider text, payout_id uuid, payee text, provider_ref text, amount_minor bigint, currency text, returned_minor bigint)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  WITH taken AS (
    SELECT o.id, o.status FROM provider_operations o
     WHERE o.id = p_operation AND o.payout_id IS NOT NULL
       AND (o.status = 'planned' OR o.status IN ('called', 'unknown') AND o.next_at <= now())
       FOR UPDATE SKIP LOCKED
  ), called AS (
    UPDATE provider_operations o
       SET status = 'called', attempts = o.attempts + 1, called_at = now(), updated_at = now(),
           next_at = now() + p_lease
      FROM taken WHERE o.id = taken.id RETURNING o.*, taken.status AS was
  )
  SELECT o.id, o.was, o.kind, o.attempts, o.provider, p.id, p.payee_ref, p.provider_ref, p.amount_minor, p.currency,
         p.returned_minor
    FROM called o JOIN payouts p ON p.id = o.payout_id
$$;

CREATE FUNCTION public.claim_time(p_claim uuid, p_resource bigint, p_during tstzrange, p_kind text, p_expires timestamp with time zone, p_booking uuid, p_session uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO claims (id, resource_no, during, kind, expires_at, booking_id, session_id)
  VALUES (p_claim, p_resource, p_during, p_kind, p_expires, p_booking, p_session)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF on_piece(lower(p_during)) AND on_piece(upper(p_during)) THEN
    UPDATE free_days f
    SET bits = f.bits & ~pieces(pieces_into(f.day, lower(p_during))::int, pieces_into(f.day, upper(p_during))::int)
    WHERE f.resource_no = p_resource AND f.day >= (lower(p_during) AT TIME ZONE 'UTC')::date
      AND f.day <= (upper(p_during) AT TIME ZONE 'UTC')::date;
  ELSE
    PERFORM refresh_around(p_resource, p_during);
  END IF;
  RETURN true;
END $$;

CREATE TABLE public.disputes (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    provider text NOT NULL,
    provider_ref text NOT NULL,
    amount_minor bigint NOT NULL,
    held_minor bigint NOT NULL,
    currency text NOT NULL,
    status text DEFAULT 'opened'::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    evidence_due_at timestamp with time zone,
    closed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_disputes_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_disputes_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_disputes_held_range CHECK (((held_minor >= 0) AND (held_minor <= amount_minor))),
    CONSTRAINT ck_disputes_status_known CHECK ((status = ANY (ARRAY['opened'::text, 'under_review'::text, 'won'::text, 'lost'::text])))
);

ALTER TABLE ONLY public.disputes FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.close_dispute(p public.payments, d public.disputes, p_status text, p_data jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE disputes SET status = p_status, closed_at = now(), updated_at = now() WHERE id = d.id;
  IF d.held_minor = 0 THEN
    RETURN;
  END IF;
  IF p_status = 'won' THEN
    UPDATE payments SET disputed_minor = disputed_minor - d.held_minor, updated_at = now() WHERE id = p.id;
    PERFORM post(new_id(), 'dispute_won', 'dispute', d.id, 'dispute_won:' || d.id, p.currency,
                 ARRAY['clearing:' || p.provider, 'disputed:' || p.provider], ARRAY[d.held_minor, -d.held_minor]);
  ELSE
    PERFORM take_disputed(p, d, d.held_minor, 'dispute_lost:' || d.id);
  END IF;
  IF NOT EXISTS (SELECT FROM disputes o WHERE o.payment_id = p.id AND o.closed_at IS NULL AND o.held_minor > 0) THEN
    PERFORM hold_earning(p.id, NULL);
  END IF;
  PERFORM restate_payment(p.id, 'dispute_' || p_status, p_data, NULL);
  PERFORM hold_freed(p.id, d.id, p_data) WHERE p_status = 'won';
END $$;

CREATE FUNCTION public.close_event(p_event uuid, p_status text, p_outcome text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE webhook_events SET status = p_status, outcome = p_outcome, processed_at = now(), updated_at = now() WHERE id = p_event
$$;

CREATE FUNCTION public.close_invoice(p_invoice uuid, p_reason text, p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE invoices SET status = 'void', voided_at = p_now, void_reason = p_reason, updated_at = now()
   WHERE id = p_invoice;
  PERFORM note_invoice(p_invoice, 'voided', jsonb_build_object('reason', p_reason));
  RETURN stop_hosting(p_invoice, 'invoice_void');
END $$;

CREATE FUNCTION public.close_operation(p_operation uuid, p_status text, p_answer jsonb, p_error text, p_wait interval DEFAULT '00:00:00'::interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE provider_operations SET status = p_status, answer = p_answer, error = p_error, next_at = now() + p_wait,
                                 updated_at = now() WHERE id = p_operation
$$;

CREATE FUNCTION public.collect_for_booking(p_payment uuid, p_operation uuid, p_booking uuid, p_provider text, p_default_provider text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings; attempt payments; owed bigint;
BEGIN
  b := lock_booking(p_booking);
  IF b.id IS NULL OR b.client_id IS DISTINCT FROM asking_user() THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  END IF;
  PERFORM check_payable(b);
  owed := CASE b.status WHEN 'pending' THEN b.due_now_minor ELSE b.total_minor END 
          - (b.paid_minor - b.refunded_minor);
  IF owed <= 0 THEN
    PERFORM refuse('invalid_state', 'Nothing is owed for this booking.');
  END IF;
  FOR attempt IN
    SELECT * FROM payments p WHERE p.purpose_id = b.id AND p.status IN ('pending', 'requires_action', 'processing', 'failed')
       AND (p.mode <> 'invoice' OR p.status = 'processing')  -- a hosted invoice stays open until money comes
       AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel')
     ORDER BY p.created_at DESC, p.id DESC FOR UPDATE
  LOOP
    IF attempt.status = 'processing' OR attempt.status <> 'failed' AND attempt.amount_minor = owed
       AND attempt.provider = coalesce(p_provider, attempt.provider) THEN
      RETURN attempt.id;
    END IF;
    PERFORM plan_cancel(new_id(), attempt.id, 'replaced', asking_user());
  END LOOP;
  PERFORM open_payment(p_payment, p_operation,
    CASE WHEN b.status <> 'pending' THEN 'booking_balance' WHEN owed < b.total_minor THEN 'booking_deposit'
         ELSE 'booking_full' END,
    b.id, b.client_id, owed, b.currency, coalesce(p_provider, p_default_provider));
  RETURN p_payment;
END $$;

CREATE FUNCTION public.commission_rate(p_gross bigint, p_currency text, p_bps integer, p_above bigint[], p_tier_bps integer[]) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
  FOR tier IN REVERSE coalesce(cardinality(p_above), 0)..1 LOOP
    IF p_gross > p_above[tier] * 10::numeric ^ currency_exponent(p_currency) THEN
      RETURN p_tier_bps[tier];
    END IF;
  END LOOP;
  RETURN p_bps;
END $$;

CREATE FUNCTION public.compact_counts(p_zone text, p_lower timestamp with time zone, p_upper timestamp with time zone) RETURNS TABLE(counts_from timestamp with time zone, counts_to timestamp with time zone)
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF p_upper - p_lower < interval '20 hours' THEN
    RETURN QUERY SELECT p_lower, p_upper;
    RETURN;
  END IF;
  RETURN QUERY
    SELECT c.counted, lead(c.counted, 1, p_upper) OVER (ORDER BY c.counted)
    FROM (SELECT p_lower AS counted
          UNION ALL
          SELECT m.starts_at
          FROM (SELECT d.starts_at, lag(d.starts_at) OVER (ORDER BY d.starts_at) AS previous
                FROM day_starts(p_zone, p_lower, p_upper) d) m
          WHERE m.previous >= p_lower AND m.starts_at < p_upper) c
    ORDER BY 1;
END $$;

CREATE FUNCTION public.complete_booking(p_booking uuid, p_by uuid, p_now timestamp with time zone, p_refund_window_hours integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings := lock_booking(p_booking);
BEGIN
  PERFORM check_side(b, p_booking, p_by, ARRAY['practitioner', 'admin']);
  IF b.status <> 'confirmed' THEN
    PERFORM refuse('invalid_state', format('This booking is %s, not confirmed.', b.status));
  ELSIF EXISTS (SELECT FROM bookings WHERE b.id IN (id, parent_id) AND status = 'confirmed' AND starts_at > p_now) THEN
    PERFORM refuse('invalid_state', 'This booking has not begun.');
  END IF;
  PERFORM finish_booking(b, true, p_now, p_refund_window_hours);
END $$;

CREATE FUNCTION public.complete_by_hand(p_payment uuid, p_by uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments := lock_by_hand(p_payment);
BEGIN
  IF p.succeeded_at IS NOT NULL THEN
    RETURN;
  ELSIF p.status <> 'pending' THEN
    PERFORM refuse('invalid_state', format('This payment is %s.', p.status));
  ELSIF p.purpose NOT IN ('free_amount', 'credit') AND p.amount_minor >
        (SELECT owed_minor FROM amount_owed(CASE WHEN p.purpose LIKE 'booking\_%' THEN 'booking_balance' ELSE p.purpose END,
                                            p.purpose_id)) THEN
    PERFORM refuse('overpayment', 'Less than that is owed by now.');
  END IF;
  PERFORM receive_by_hand(p_payment, p_by, p_now);
  PERFORM receive_by_hand(x.id, p_by, p_now) FROM payments x WHERE x.id = excess_of(p_payment) AND x.status = 'pending';
END $$;

CREATE FUNCTION public.complete_by_hand_for_asking(p_payment uuid, p_by uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_may_move(p_payment, false);
  PERFORM complete_by_hand(p_payment, asking_user(), p_now);
END $$;

CREATE FUNCTION public.confirm_booking(p_booking uuid, p_by uuid, p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings := lock_booking(p_booking);
BEGIN
  PERFORM check_side(b, p_booking, p_by, ARRAY['practitioner', 'admin']);
  IF b.cancel_kind = 'expired' OR (b.status = 'pending' AND b.hold_expires_at <= now()) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  ELSIF b.status <> 'pending' THEN
    PERFORM refuse('invalid_state', format('This booking is %s.', b.status));
  END IF;
  PERFORM make_confirmed(b, p_now);
  RETURN stop_collecting(b.id, 'confirmed_without_payment', p_by);
END $$;

CREATE FUNCTION public.confirm_claim(p_booking uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  UPDATE claims c SET kind = 'booking', expires_at = NULL, updated_at = now()
  WHERE c.booking_id = p_booking AND c.active;
  RETURN FOUND;
END $$;

CREATE FUNCTION public.confirm_for_payer(p_operation uuid, p_payment uuid, p_method text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p record;
BEGIN
  SELECT purpose, purpose_id INTO p FROM payments WHERE id = p_payment AND payer_id = asking_user();
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF p.purpose LIKE 'booking\_%' THEN
    PERFORM check_payable(lock_booking(p.purpose_id));
  END IF;
  RETURN plan_confirm(p_operation, p_payment, p_method);
END $$;

CREATE FUNCTION public.conflicts_of(p_resource bigint, p_during tstzrange[]) RETURNS boolean[]
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
  v_taken tstzmultirange := '{}';
  v_conflicts boolean[] := '{}';
  v_during tstzrange;
  v_is_conflict boolean;
BEGIN
  FOREACH v_during IN ARRAY p_during LOOP
    v_is_conflict := v_taken && v_during
      OR EXISTS (SELECT FROM busy_ranges(p_resource, lower(v_during), upper(v_during), NULL));
    IF NOT v_is_conflict THEN
      v_taken := v_taken + tstzmultirange(v_during);
    END IF;
    v_conflicts := v_conflicts || v_is_conflict;
  END LOOP;
  RETURN v_conflicts;
END $$;

CREATE FUNCTION public.count_gross(p_practitioner uuid, p_at timestamp with time zone, p_currency text, p_amount bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF p_amount > 0 THEN
    INSERT INTO practitioner_months AS m (practitioner_id, month, currency, gross_minor)
    VALUES (p_practitioner, month_of(p_at), p_currency, p_amount)
    ON CONFLICT (practitioner_id, month, currency) DO UPDATE SET gross_minor = m.gross_minor + excluded.gross_minor;
  ELSIF p_amount < 0 THEN
    UPDATE practitioner_months SET gross_minor = greatest(0, gross_minor + p_amount)
     WHERE practitioner_id = p_practitioner AND month = month_of(p_at) AND currency = p_currency;
  END IF;
END $$;

CREATE TABLE public.invoices (
    id uuid NOT NULL,
    series text,
    no bigint,
    number text,
    status text DEFAULT 'draft'::text NOT NULL,
    customer_id uuid,
    customer_email text,
    customer_name text DEFAULT ''::text NOT NULL,
    customer_address text DEFAULT ''::text NOT NULL,
    booking_id uuid,
    currency text NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    gross_minor bigint NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    link_nonce bytea DEFAULT uuid_send(gen_random_uuid()) NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    quote_id uuid,
    paid_minor bigint DEFAULT '0'::bigint NOT NULL,
    issued_at timestamp with time zone,
    due_at timestamp with time zone,
    paid_at timestamp with time zone,
    voided_at timestamp with time zone,
    void_reason text,
    hosted_payment_id uuid,
    reminders_sent smallint DEFAULT '0'::smallint NOT NULL,
    CONSTRAINT ck_invoices_amounts CHECK (((gross_minor > 0) AND (tax_minor >= 0))),
    CONSTRAINT ck_invoices_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_invoices_has_customer CHECK (((customer_id IS NOT NULL) OR (customer_email IS NOT NULL))),
    CONSTRAINT ck_invoices_nonce_length CHECK ((octet_length(link_nonce) = 16)),
    CONSTRAINT ck_invoices_numbered CHECK ((((status = 'draft'::text) = (number IS NULL)) AND ((number IS NULL) = (no IS NULL)) AND ((no IS NULL) = (series IS NULL)) AND ((no IS NULL) = (issued_at IS NULL)) AND ((no IS NULL) = (due_at IS NULL)))),
    CONSTRAINT ck_invoices_paid_in_full CHECK (((status = 'paid'::text) = (paid_minor = gross_minor))),
    CONSTRAINT ck_invoices_paid_range CHECK (((paid_minor >= 0) AND (paid_minor <= gross_minor))),
    CONSTRAINT ck_invoices_status_known CHECK ((status = ANY (ARRAY['draft'::text, 'open'::text, 'paid'::text, 'void'::text, 'uncollectible'::text]))),
    CONSTRAINT ck_invoices_totals CHECK (((net_minor + tax_minor) = gross_minor)),
    CONSTRAINT ck_invoices_voided_when CHECK (((status = 'void'::text) = (voided_at IS NOT NULL)))
);

ALTER TABLE ONLY public.invoices FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.count_invoice_payment(i public.invoices, p_payment uuid, p_amount bigint, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql
    AS $$
DECLARE is_paid boolean := i.paid_minor + p_amount = i.gross_minor;
BEGIN
  INSERT INTO invoice_payments (invoice_id, payment_id, amount_minor) VALUES (i.id, p_payment, p_amount);
  UPDATE invoices SET paid_minor = paid_minor + p_amount, updated_at = now(),
                      status = CASE WHEN is_paid THEN 'paid' ELSE status END,
                      paid_at = CASE WHEN is_paid THEN p_now END
   WHERE id = i.id;
  PERFORM note_invoice(i.id, CASE WHEN is_paid THEN 'paid' ELSE 'part_paid' END,
                       jsonb_build_object('payment_id', p_payment, 'amount_minor', p_amount));
  PERFORM stop_hosting(i.id, 'paid_otherwise', p_payment);
  IF is_paid THEN
    PERFORM stop_collecting(coalesce(i.booking_id, i.id), 'paid_otherwise')
      WHERE NOT EXISTS (SELECT FROM bookings b WHERE b.id = i.booking_id
                           AND b.total_minor > b.paid_minor - b.refunded_minor);
    PERFORM enqueue_job('mail_receipt', jsonb_build_object('invoice_id', i.id, 'payment_id', p_payment),
                        'mail_receipt:' || p_payment);
  END IF;
  RETURN CASE WHEN is_paid THEN 'paid' ELSE 'part_paid' END;
END $$;

CREATE FUNCTION public.count_rejection(p_provider text, p_reason text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  INSERT INTO webhook_rejections AS w (provider, day, reason, deliveries)
  VALUES (p_provider, (now() AT TIME ZONE 'UTC')::date, p_reason, 1)
  ON CONFLICT (provider, day, reason) DO UPDATE SET deliveries = w.deliveries + 1
$$;

CREATE FUNCTION public.cover_booking_invoices(p_booking uuid, p_payment uuid, p_amount bigint, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE i invoices; left_minor bigint := p_amount; part bigint;
BEGIN
  FOR i IN SELECT * FROM invoices WHERE booking_id = p_booking AND status IN ('open', 'uncollectible')
            ORDER BY no FOR UPDATE LOOP
    part := least(left_minor, i.gross_minor - i.paid_minor);
    EXIT WHEN part <= 0;
    PERFORM count_invoice_payment(i, p_payment, part, p_now);
    left_minor := left_minor - part;
  END LOOP;
END $$;

CREATE FUNCTION public.create_sessions(p_service uuid, p_starts timestamp with time zone[], p_ids uuid[], p_claim_ids uuid[], p_capacity integer, p_skip_conflicts boolean) RETURNS TABLE(id uuid, starts_at timestamp with time zone, ends_at timestamp with time zone, capacity integer, is_conflict boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_service record;
  v_during tstzrange[];
  v_conflicts boolean[];
BEGIN
  SELECT s.*, p.resource_no, make_interval(mins => s.duration_minutes) AS lasts INTO v_service
  FROM services s JOIN practitioners p ON p.id = s.practitioner_id WHERE s.id = p_service;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM require_practitioner(v_service.practitioner_id);
  IF v_service.service_type = 'session' THEN
    PERFORM refuse('invalid', 'A service of type session is booked by its hours; it has no dates.');
  END IF;
  PERFORM pg_advisory_xact_lock(v_service.resource_no);
  PERFORM free_expired_claims(v_service.resource_no);
  v_during := ARRAY(SELECT claim_buffered(t.s, t.s + v_service.lasts, v_service.buffer_before_minutes,
                                          v_service.buffer_after_minutes)
                    FROM unnest(p_starts) WITH ORDINALITY t(s, n) ORDER BY t.n);
  v_conflicts := conflicts_of(v_service.resource_no, v_during);
  IF p_skip_conflicts OR true <> ALL (v_conflicts) THEN
    FOR i IN 1 .. cardinality(p_starts) LOOP
      CONTINUE WHEN v_conflicts[i];
      INSERT INTO sessions (id, service_id, resource_no, starts_at, ends_at, capacity)
      VALUES (p_ids[i], p_service, v_service.resource_no, p_starts[i], p_starts[i] + v_service.lasts,
              coalesce(p_capacity, v_service.max_participants));
      IF NOT claim_time(p_claim_ids[i], v_service.resource_no, v_during[i], 'booking', NULL, NULL, p_ids[i]) THEN
        PERFORM refuse('slot_unavailable'); -- only if somebody wrote claims without the lock
      END IF;
    END LOOP;
  END IF;
  RETURN QUERY
    SELECT p_ids[n.i], p_starts[n.i], p_starts[n.i] + v_service.lasts,
           coalesce(p_capacity, v_service.max_participants), v_conflicts[n.i]
    FROM generate_subscripts(p_starts, 1) n(i) ORDER BY n.i;
END $$;

CREATE FUNCTION public.currency_exponent(currency text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE
    WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV',
                      'XAF', 'XOF', 'XPF') THEN 0
    WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
    WHEN currency IN ('CLF', 'UYW') THEN 4
    ELSE 2 END
$$;

CREATE FUNCTION public.day_starts(p_zone text, p_from timestamp with time zone, p_to timestamp with time zone) RETURNS TABLE(day date, starts_at timestamp with time zone)
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  RETURN QUERY
    SELECT d.day, min(greatest(z.starts_at, d.day::timestamp AT TIME ZONE 'UTC' - z.ahead)) AS begins
    FROM zone_stretches(p_zone, p_from - interval '2 days', p_to + interval '2 days') z
    CROSS JOIN LATERAL (
      SELECT date '2000-01-01' + n AS day FROM generate_series(
        (greatest(z.starts_at, p_from - interval '2 days') AT TIME ZONE 'UTC' + z.ahead)::date - date '2000-01-01',
        (least(z.ends_at, p_to + interval '2 days') AT TIME ZONE 'UTC' + z.ahead)::date - date '2000-01-01') n) d
    WHERE greatest(z.starts_at, d.day::timestamp AT TIME ZONE 'UTC' - z.ahead)
        < least(z.ends_at, (d.day + 1)::timestamp AT TIME ZONE 'UTC' - z.ahead)
    GROUP BY d.day
    HAVING min(greatest(z.starts_at, d.day::timestamp AT TIME ZONE 'UTC' - z.ahead)) BETWEEN p_from AND p_to
    ORDER BY begins;
END $$;

CREATE FUNCTION public.days_between(p_days timestamp with time zone[]) RETURNS TABLE(day_start timestamp with time zone, day_end timestamp with time zone)
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT p_days[at], p_days[at + 1] FROM generate_series(1, cardinality(p_days) - 1) AS at
$$;

CREATE FUNCTION public.deactivate_claim(p_claim uuid, p_resource bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
  v_during tstzrange;
BEGIN
  PERFORM pg_advisory_xact_lock(p_resource);
  UPDATE claims c SET active = false, updated_at = now() WHERE c.id = p_claim AND c.active
  RETURNING c.during INTO v_during;
  IF FOUND THEN
    PERFORM refresh_around(p_resource, v_during);
  END IF;
END $$;

CREATE FUNCTION public.decide_practitioner(p_practitioner uuid, p_status text, p_reason text, p_subject text, p_body text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v practitioners%ROWTYPE;
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden');
  END IF;
  SELECT * INTO v FROM practitioners WHERE id = p_practitioner FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  ELSIF v.verification_status = p_status THEN
    PERFORM refuse('already_decided');
  END IF;
  UPDATE practitioners
     SET verification_status = p_status, verification_reason = p_reason, verified_by = asking_user(),
         verified_at = CASE p_status WHEN 'verified' THEN now() END, updated_at = now()
   WHERE id = p_practitioner;
  PERFORM record_action('practitioner.' || p_status, 'practitioner', p_practitioner,
                        jsonb_build_object('from', v.verification_status, 'reason', p_reason));
  -- Each decision is told once, and a later one again.
  PERFORM queue_mail(u.id, u.email, p_subject, p_body, format('practitioner_%s:%s:%s', p_status, v.id, new_id()))
     FROM users u WHERE u.id = v.user_id;
END $$;

CREATE FUNCTION public.decided(p_ragged text, p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  RETURN format('(%s is_free_between(f.resource_no, %L, %L, %s))',
                CASE WHEN on_piece(p_from) AND on_piece(p_to) THEN format('NOT (%s) OR', p_ragged) END,
                p_from, p_to, p_minutes);
END $$;

CREATE FUNCTION public.decline_quote(p_quote uuid, p_by_link boolean, p_reason text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE q quotes := lock_quote(p_quote, p_by_link);
BEGIN
  IF q.status IN ('accepted', 'withdrawn') THEN
    PERFORM refuse('invalid_state', format('This quote was %s.', q.status));
  ELSIF q.status = 'open' THEN
    UPDATE quotes SET status = 'declined', decided_at = p_now, decline_reason = p_reason, updated_at = now()
     WHERE id = p_quote;
  END IF;
END $$;

CREATE FUNCTION public.describe_booking(p_booking uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT s.title || ' with ' || p.display_name || ', ' || spoken_time(b.starts_at, b.timezone)
    FROM bookings b JOIN services s ON s.id = b.service_id JOIN practitioners p ON p.id = b.practitioner_id
   WHERE b.id = p_booking
$$;

CREATE FUNCTION public.describe_payment(p_payment uuid, p_terms jsonb) RETURNS void
    LANGUAGE sql
    AS $$
  UPDATE payments
     SET capture_method = coalesce(p_terms ->> 'capture', capture_method), mode = coalesce(p_terms ->> 'mode', mode),
         lines = nullif(p_terms -> 'lines', 'null'), description = p_terms ->> 'description',
         return_url = p_terms ->> 'return_url', cancel_url = p_terms ->> 'cancel_url',
         expires_at = now() + make_interval(secs => (p_terms ->> 'expires_after_s')::integer),
         payer_email = p_terms ->> 'payer_email', metadata = coalesce(nullif(p_terms -> 'metadata', 'null'), '{}'),
         provider_ids = jsonb_strip_nulls(jsonb_build_object('customer', p_terms -> 'customer'))
   WHERE id = p_payment
$$;

CREATE FUNCTION public.describe_record(p_no bigint, p_changes jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments := record_of_asker(p_no); r payment_records;
BEGIN
  UPDATE payment_records AS old SET
    (checkout_session_id, payment_method_id, payment_method_types, customer_id, customer_email, booking_no, property_no,
     description, updated_at)
    = (SELECT n.checkout_session_id, n.payment_method_id, n.payment_method_types, n.customer_id, n.customer_email,
              n.booking_no, n.property_no, n.description, now() FROM jsonb_populate_record(old, p_changes) n)
   WHERE payment_id = p.id RETURNING * INTO r;
  UPDATE payments SET provider_ids = provider_ids || record_ids(to_jsonb(r)), updated_at = now() WHERE id = p.id;
EXCEPTION WHEN unique_violation THEN
  PERFORM refuse('checkout_session_id_taken');
END $$;

CREATE FUNCTION public.distance_km(p_lat1 double precision, p_lng1 double precision, p_lat2 double precision, p_lng2 double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT 2 * 6371.0088 * asin(least(1, sqrt(
    power(sin(radians(p_lat2 - p_lat1) / 2), 2)
    + cos(radians(p_lat1)) * cos(radians(p_lat2)) * power(sin(radians(p_lng2 - p_lng1) / 2), 2))))
$$;

CREATE FUNCTION public.draft_invoice(p_invoice uuid, p_customer uuid, p_email text, p_name text, p_address text, p_booking uuid, p_currency text, p_lines jsonb, p_note text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE sums record;
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to write.');
  IF p_customer IS NOT NULL AND NOT EXISTS (SELECT FROM users WHERE id = p_customer) THEN
    PERFORM refuse('not_found', 'There is no such customer.');
  END IF;
  sums := sum_lines(p_lines);
  INSERT INTO invoices (id, customer_id, customer_email, customer_name, customer_address, booking_id, currency,
                        net_minor, tax_minor, gross_minor, note, created_by)
  VALUES (p_invoice, coalesce(p_customer, account_at(p_email)), p_email, p_name, p_address, p_booking, p_currency,
          sums.net_minor, sums.tax_minor, sums.gross_minor, p_note, asking_user())
  ON CONFLICT (id) DO NOTHING;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  INSERT INTO invoice_lines SELECT p_invoice, l.* FROM priced_lines(p_lines) AS l;
  PERFORM note_invoice(p_invoice, 'drafted');
END $$;

CREATE FUNCTION public.drop_booking(b public.bookings, p_kind text, p_by uuid DEFAULT NULL::uuid, p_reason text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE bookings
     SET status = 'cancelled', cancelled_at = now(), cancelled_by = p_by, cancel_kind = p_kind, cancel_reason = p_reason,
         hold_expires_at = NULL, updated_at = now()
   WHERE id = b.id;
  IF b.session_id IS NULL AND NOT EXISTS (SELECT FROM bookings WHERE parent_id = b.id) THEN
    PERFORM release_claim(b.id);
    RETURN;
  END IF;
  UPDATE bookings
     SET status = 'cancelled', cancelled_at = now(), cancelled_by = p_by, cancel_kind = p_kind, updated_at = now()
   WHERE parent_id = b.id;
  UPDATE sessions SET places_taken = places_taken - b.places, updated_at = now() WHERE id = ANY (sessions_of(b.id));
END $$;

CREATE FUNCTION public.due_operations(p_limit integer, p_planned_after interval) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT id FROM provider_operations
   WHERE status IN ('planned', 'called', 'unknown')
     AND next_at <= now() - CASE WHEN status = 'planned' THEN p_planned_after ELSE interval '0' END
   ORDER BY next_at LIMIT p_limit
$$;

CREATE FUNCTION public.due_weekly_payouts(p_week date, p_minimum integer, p_limit integer) RETURNS TABLE(practitioner_id uuid, currency text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT a.owner_id, a.currency FROM ledger_accounts a JOIN ledger_balances b ON b.account_no = a.no
   WHERE a.code LIKE 'earnings\_available:%' AND -b.balance_minor >= greatest(1, least_payout(p_minimum, a.currency))
     AND NOT EXISTS (SELECT FROM payouts p WHERE p.practitioner_id = a.owner_id AND p.currency = a.currency
                        AND p.week = p_week)
   ORDER BY a.owner_id, a.currency LIMIT p_limit
$$;

CREATE FUNCTION public.earliest_free(p_resource bigint, p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_practitioner uuid := (SELECT p.id FROM practitioners p WHERE p.resource_no = p_resource);
  v_lasts interval := p_minutes * interval '1 minute';
  v_from timestamptz := p_from;
  v_found timestamptz;
BEGIN
  WHILE v_from + v_lasts <= p_to LOOP
    SELECT min(lower(s)) INTO v_found
    FROM unnest(free_time(v_practitioner, v_from, least(p_to, v_from + interval '48 hours' + v_lasts))) s
    WHERE upper(s) - lower(s) >= v_lasts;
    IF v_found IS NOT NULL THEN
      RETURN v_found;
    END IF;
    v_from := v_from + interval '48 hours';
  END LOOP;
  RETURN NULL;
END $$;

CREATE FUNCTION public.earn(b public.bookings, p_payment uuid, p_amount bigint) RETURNS void
    LANGUAGE sql
    AS $$
  SELECT record_earning(b.id, p_payment, b.practitioner_id, p_amount, NULL, b.commission_bps, b.currency, p.is_house)
    FROM practitioners p WHERE p.id = b.practitioner_id
$$;

CREATE TABLE public.earnings (
    id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    booking_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    currency text NOT NULL,
    gross_minor bigint NOT NULL,
    commission_bps integer NOT NULL,
    commission_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    reversed_gross_minor bigint DEFAULT '0'::bigint NOT NULL,
    reversed_commission_minor bigint DEFAULT '0'::bigint NOT NULL,
    is_sale boolean DEFAULT false NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    available_at timestamp with time zone,
    held_at timestamp with time zone,
    releases integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_earnings_adds_up CHECK (((gross_minor > 0) AND (gross_minor = (commission_minor + net_minor)))),
    CONSTRAINT ck_earnings_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_earnings_reversed_range CHECK ((((reversed_gross_minor >= 0) AND (reversed_gross_minor <= gross_minor)) AND ((reversed_commission_minor >= 0) AND (reversed_commission_minor <= commission_minor)))),
    CONSTRAINT ck_earnings_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'available'::text, 'paid'::text, 'reversed'::text])))
);

ALTER TABLE ONLY public.earnings FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.earning_account(e public.earnings) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT CASE WHEN e.status IN ('available', 'paid') THEN 'earnings_available:' ELSE 'earnings_pending:' END
         || e.practitioner_id
$$;

CREATE FUNCTION public.end_for_asking(p_subscription uuid, p_at_period_end boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT asking_admin() AND NOT EXISTS (
       SELECT FROM subscriptions WHERE id = p_subscription AND user_id = asking_user()) THEN
    PERFORM refuse('not_found', 'There is no such subscription.');
  END IF;
  RETURN end_subscription(p_subscription, p_at_period_end);
END $$;

CREATE FUNCTION public.end_subscription(p_subscription uuid, p_at_period_end boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE s subscriptions; way text := CASE WHEN p_at_period_end THEN 'at_period_end' ELSE 'now' END;
BEGIN
  SELECT * INTO s FROM subscriptions WHERE id = p_subscription FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such subscription.');
  ELSIF s.status IN ('canceled', 'expired') THEN
    PERFORM refuse('invalid_state', 'This subscription is over.');
  ELSIF p_at_period_end AND (s.cancel_at_period_end OR s.ending = 'now') THEN
    RETURN s.ending IS NOT NULL;
  END IF;
  UPDATE subscriptions SET ending = way, ending_since = CASE WHEN ending = way THEN ending_since ELSE now() END,
                           updated_at = now() WHERE id = p_subscription;
  -- Whoever asks tells the provider at once; the job is for when that fails.
  PERFORM enqueue_job('end_subscription', jsonb_build_object('subscription_id', p_subscription), NULL,
                      interval '5 seconds');
  RETURN true;
END $$;

CREATE FUNCTION public.enqueue_job(entrypoint text, payload jsonb, dedupe text DEFAULT NULL::text, delay interval DEFAULT '00:00:00'::interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
  VALUES (0, entrypoint, convert_to(payload::text, 'UTF8'), now() + delay, dedupe, 'queued')
  ON CONFLICT (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status]))
    AND (dedupe_key IS NOT NULL)) DO NOTHING
$$;

CREATE FUNCTION public.enrol_children(p_parent uuid, p_sessions uuid[]) RETURNS void
    LANGUAGE sql
    AS $$
  INSERT INTO bookings (id, service_id, practitioner_id, client_id, session_id, parent_id, status, starts_at, ends_at,
                        timezone, places, currency, total_minor, due_now_minor, commission_bps, commission_minor,
                        free_until_hours, late_fee_bps, buffer_before_minutes, buffer_after_minutes, confirmed_at)
  SELECT new_id(), b.service_id, b.practitioner_id, b.client_id, s.id, b.id, b.status, s.starts_at, s.ends_at,
         b.timezone, b.places, b.currency, 0, 0, b.commission_bps, 0,
         b.free_until_hours, b.late_fee_bps, b.buffer_before_minutes, b.buffer_after_minutes, b.confirmed_at
    FROM bookings b JOIN sessions s ON s.id = ANY (p_sessions)
   WHERE b.id = p_parent ORDER BY s.starts_at
$$;

CREATE FUNCTION public.excess_of(p_payment uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT md5('excess:' || p_payment)::uuid
$$;

CREATE FUNCTION public.extend_claim(p_booking uuid, p_expires timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  UPDATE claims c SET expires_at = p_expires, updated_at = now()
  WHERE c.booking_id = p_booking AND c.active AND c.kind = 'hold' AND c.expires_at > now();
  RETURN FOUND;
END $$;

CREATE FUNCTION public.extend_free_days(p_practitioner uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
  v_reaches date := summary_end(p_practitioner);
  v_today date := (now() AT TIME ZONE 'UTC')::date;
  v_reached date := (SELECT max(f.day) FROM free_days f WHERE f.resource_no = v_resource);
BEGIN
  IF v_reached >= v_reaches
     OR NOT EXISTS (SELECT FROM weekly_hours w WHERE w.practitioner_id = p_practitioner
                    UNION ALL SELECT FROM date_overrides o WHERE o.practitioner_id = p_practitioner) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(v_resource);
  PERFORM refresh_free_days(v_resource, greatest(v_today - 1, v_reached), v_reaches);
  DELETE FROM free_days f WHERE f.resource_no = v_resource AND f.day < v_today - 1;
END $$;

CREATE FUNCTION public.extend_hold(p_booking uuid, p_by uuid, p_minutes integer) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings := lock_booking(p_booking); expires timestamptz := now() + make_interval(mins => p_minutes);
BEGIN
  PERFORM check_side(b, p_booking, p_by, ARRAY['client', 'admin']);
  IF b.cancel_kind = 'expired' OR (b.status = 'pending' AND b.hold_expires_at <= now()) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  ELSIF b.status <> 'pending' THEN
    PERFORM refuse('invalid_state', format('This booking is %s.', b.status));
  ELSIF b.hold_extended THEN
    PERFORM refuse('invalid_state', 'A hold can be extended once.');
  END IF;
  UPDATE bookings SET hold_expires_at = expires, hold_extended = true, updated_at = now() WHERE id = b.id;
  IF cardinality(sessions_of(b.id)) = 0 AND NOT extend_claim(b.id, expires) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  END IF;
  RETURN expires;
END $$;

CREATE FUNCTION public.external_subject(p_user uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT subject FROM external_identities
   WHERE user_id = p_user AND (p_user = asking_user() OR asking_admin()) ORDER BY created_at, issuer LIMIT 1
$$;

CREATE FUNCTION public.external_users(p_subject text) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT user_id FROM external_identities WHERE subject = p_subject AND asking_admin()
$$;

CREATE FUNCTION public.finalize_invoice(p_invoice uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to write.');
  RETURN number_invoice(p_invoice, p_series, p_due_at, p_now);
END $$;

CREATE FUNCTION public.find_category(p_named text) RETURNS uuid
    LANGUAGE sql STABLE
    AS $$
  SELECT id FROM categories WHERE slug = lower(p_named) OR id::text = lower(p_named)
$$;

CREATE FUNCTION public.find_payment(p_provider text, p_id uuid, p_names text[]) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE found uuid;
BEGIN
  SELECT id INTO found FROM payments WHERE id = p_id AND provider = p_provider;
  IF found IS NULL THEN
    SELECT id INTO found FROM payments WHERE provider = p_provider AND provider_ref = ANY (p_names)
     ORDER BY array_position(p_names, provider_ref) LIMIT 1;
  END IF;
  IF found IS NULL THEN
    -- Named first, and whose it is asked afterwards: the index over ids finds one among all of them.
    WITH named AS MATERIALIZED (
      SELECT p.id, p.provider FROM payments p
       WHERE p.provider_ids <> '{}' AND p.provider_ids @> ANY (ARRAY(
         SELECT jsonb_build_object(kind, name)
           FROM unnest(p_names) AS name
          CROSS JOIN unnest(ARRAY['payment_intent', 'payment', 'order', 'charge', 'capture', 'authorization',
                                  'checkout_session', 'invoice']) AS kind)))
    SELECT (array_agg(id))[1] INTO found FROM named WHERE provider = p_provider HAVING count(*) = 1;
  END IF;
  RETURN found;
END $$;

CREATE FUNCTION public.find_practitioners(p_filters jsonb, p_order text[], p_limit integer, p_offset integer, p_now timestamp with time zone, OUT ids uuid[], OUT total bigint) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE
  v_status text := CASE WHEN asking_admin() THEN coalesce(p_filters->>'status', 'verified') ELSE 'verified' END;
  -- $1 is p_filters: its values are constants to the planner, never text of the statement.
  v_service text := concat_ws(' AND ',
    CASE WHEN p_filters ? 'category' THEN 's.category_id = find_category($1->>''category'')' END,
    CASE WHEN p_filters ? 'price_min' THEN 's.list_price >= ($1->>''price_min'')::numeric' END,
    CASE WHEN p_filters ? 'price_max' THEN 's.list_price <= ($1->>''price_max'')::numeric' END,
    CASE WHEN p_filters ? 'currency' THEN 's.currency = $1->>''currency''' END);
  v_from text := concat_ws(' AND ',
    ' FROM practitioners p WHERE p.verification_status = ' || quote_literal(v_status),
    CASE WHEN (p_filters->>'nobody')::boolean THEN 'false' END,
    CASE WHEN p_filters ? 'is_featured' THEN 'p.is_featured = ($1->>''is_featured'')::boolean' END,
    CASE WHEN p_filters ? 'specialization' THEN
      'p.specialization_keys @> ARRAY[lower($1->>''specialization'')]' END,
    CASE WHEN p_filters ? 'city' THEN
      'p.id IN (SELECT l.practitioner_id FROM practitioner_locations l WHERE lower(l.city) = lower($1->>''city''))' END,
    CASE WHEN p_filters ? 'near' THEN
      'p.id IN (SELECT l.practitioner_id FROM practitioner_locations l
                 WHERE l.lat BETWEEN ($1->''near''->>''lat_from'')::float8 AND ($1->''near''->>''lat_to'')::float8
                   AND (l.lng BETWEEN ($1->''near''->''lng_ranges''->0->>0)::float8
                                  AND ($1->''near''->''lng_ranges''->0->>1)::float8
                        OR l.lng BETWEEN ($1->''near''->''lng_ranges''->1->>0)::float8
                                     AND ($1->''near''->''lng_ranges''->1->>1)::float8)
                   AND distance_km(l.lat, l.lng, ($1->''near''->>''lat'')::float8, ($1->''near''->>''lng'')::float8)
                       <= ($1->''near''->>''radius_km'')::float8)' END,
    CASE WHEN p_filters ? 'is_virtual' THEN
      'EXISTS (SELECT FROM practitioner_locations l WHERE l.practitioner_id = p.id AND l.is_virtual
               UNION ALL
               SELECT FROM services s WHERE s.practitioner_id = p.id AND s.is_active AND s.is_virtual)
       = ($1->>''is_virtual'')::boolean' END,
    CASE WHEN v_service <> '' THEN
      'p.id IN (SELECT s.practitioner_id FROM services s WHERE s.is_active AND ' || v_service || ')' END,
    CASE WHEN p_filters ? 'search' THEN
      'p.id IN (SELECT w.id FROM practitioners w WHERE w.search_words @@ search_query($1->>''search'')
                UNION ALL
                SELECT s.practitioner_id FROM services s
                 WHERE s.is_active AND s.search_words @@ search_query($1->>''search''))' END,
    CASE WHEN p_filters ? 'free' THEN
      free_condition('p.resource_no', (p_filters->'free'->>'from')::timestamptz, (p_filters->'free'->>'to')::timestamptz,
                     (p_filters->'free'->>'minutes')::int, p_now) END);
  v_order text := ordering(p_order, jsonb_build_object(
    'is_featured', 'p.is_featured', 'display_name', 'p.display_name', 'created_at', 'p.created_at', 'id', 'p.id',
    'price', '(SELECT min(s.list_price) FROM services s WHERE s.practitioner_id = p.id AND s.is_active)')
    || CASE WHEN p_filters ? 'near' THEN jsonb_build_object('distance',
      '(SELECT min(distance_km(l.lat, l.lng, ($1->''near''->>''lat'')::float8, ($1->''near''->>''lng'')::float8))
          FROM practitioner_locations l WHERE l.practitioner_id = p.id)') ELSE '{}' END);
BEGIN
  -- Without a filter the order's own index gives the page. With one, what matches is found first and then ordered: the
  -- planner cannot know how few are free or near, and would look for them along the order, one by one.
  EXECUTE CASE WHEN p_filters - '{status,is_featured}'::text[] = '{}' THEN
    'SELECT (SELECT count(*)' || v_from || '),
            array(SELECT p.id' || v_from || ' ORDER BY ' || v_order || ' LIMIT $2 OFFSET $3)'
  ELSE
    'WITH found AS MATERIALIZED (SELECT p.id, p.is_featured, p.display_name, p.created_at' || v_from || ')
     SELECT (SELECT count(*) FROM found),
            array(SELECT p.id FROM found p ORDER BY ' || v_order || ' LIMIT $2 OFFSET $3)'
  END INTO total, ids USING p_filters, p_limit, p_offset;
END $_$;

CREATE FUNCTION public.find_services(p_filters jsonb, p_order text[], p_limit integer, p_offset integer, OUT ids uuid[], OUT total bigint) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE
  -- $1 is p_filters: its values are constants to the planner, never text of the statement.
  v_from text := concat_ws(' AND ',
    ' FROM services s WHERE s.is_active
       AND EXISTS (SELECT FROM practitioners p WHERE p.id = s.practitioner_id AND p.verification_status = ''verified'')',
    CASE WHEN p_filters ? 'category' THEN 's.category_id = find_category($1->>''category'')' END,
    CASE WHEN p_filters ? 'service_type' THEN 's.service_type = $1->>''service_type''' END,
    CASE WHEN p_filters ? 'service_types' THEN
      's.service_type = ANY (ARRAY(SELECT jsonb_array_elements_text($1->''service_types'')))' END,
    CASE WHEN p_filters ? 'practitioner' THEN 's.practitioner_id = ($1->>''practitioner'')::uuid' END,
    CASE WHEN p_filters ? 'location_id' THEN 's.location_id = ($1->>''location_id'')::uuid' END,
    CASE WHEN p_filters ? 'city' THEN
      's.id IN (SELECT t.id FROM practitioner_locations l JOIN services t ON t.location_id = l.id
                 WHERE lower(l.city) = lower($1->>''city'')
                UNION ALL
                SELECT t.id FROM practitioner_locations l JOIN services t ON t.practitioner_id = l.practitioner_id
                 WHERE lower(l.city) = lower($1->>''city'') AND t.location_id IS NULL AND NOT t.is_virtual)' END,
    CASE WHEN p_filters ? 'is_virtual' THEN 's.is_virtual = ($1->>''is_virtual'')::boolean' END,
    CASE WHEN p_filters ? 'price_min' THEN 's.list_price >= ($1->>''price_min'')::numeric' END,
    CASE WHEN p_filters ? 'price_max' THEN 's.list_price <= ($1->>''price_max'')::numeric' END,
    CASE WHEN p_filters ? 'currency' THEN 's.currency = $1->>''currency''' END,
    CASE WHEN p_filters ? 'search' THEN 's.search_words @@ search_query($1->>''search'')' END);
  v_order text := ordering(p_order, '{"price": "s.list_price", "title": "s.title", "created_at": "s.created_at",
                                      "duration_minutes": "s.duration_minutes", "id": "s.id"}');
BEGIN
  -- What few services match is found first and then ordered; else the order's own index gives the page.
  EXECUTE CASE WHEN p_filters - '{service_type,service_types,is_virtual,currency}'::text[] = '{}' THEN
    'SELECT (SELECT count(*)' || v_from || '),
            array(SELECT s.id' || v_from || ' ORDER BY ' || v_order || ' LIMIT $2 OFFSET $3)'
  ELSE
    'WITH found AS MATERIALIZED (SELECT s.id, s.list_price, s.title, s.created_at, s.duration_minutes' || v_from || ')
     SELECT (SELECT count(*) FROM found),
            array(SELECT s.id FROM found s ORDER BY ' || v_order || ' LIMIT $2 OFFSET $3)'
  END INTO total, ids USING p_filters, p_limit, p_offset;
END $_$;

CREATE FUNCTION public.finish_booking(b public.bookings, p_attended boolean, p_now timestamp with time zone, p_window_hours integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE bookings SET status = 'completed', attended = p_attended, completed_at = p_now, updated_at = now()
   WHERE id = b.id OR parent_id = b.id;
  UPDATE booking_participants SET attended = p_attended WHERE booking_id = b.id AND (attended IS NULL OR NOT p_attended);
  PERFORM schedule_earnings(b.id, greatest(p_now, b.ends_at) + make_interval(hours => p_window_hours));
END $$;

CREATE FUNCTION public.finish_payout_week(p_week date) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  INSERT INTO payout_weeks (week) VALUES (p_week) ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION public.first_starts(p_services uuid[], p_from timestamp with time zone, p_to timestamp with time zone, p_now timestamp with time zone, p_count integer) RETURNS TABLE(service_id uuid, starts_at timestamp with time zone)
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
  v_wanting uuid[] := p_services;
  v_missing int[] := array_fill(p_count, ARRAY[cardinality(p_services)]);
  v_from timestamptz := p_from;
  v_step interval := interval '24 hours';
  v_to timestamptz;
  v_ids uuid[];
  v_starts timestamptz[];
BEGIN
  WHILE v_from < p_to AND cardinality(v_wanting) > 0 LOOP
    v_to := least(p_to, v_from + v_step);
    SELECT coalesce(array_agg(n.id), '{}'), array_agg(n.start) INTO v_ids, v_starts
    FROM (SELECT w.id, w.missing, s.starts_at AS start,
                 row_number() OVER (PARTITION BY w.id ORDER BY s.starts_at) AS place
          FROM starts_of(v_wanting, v_from, v_to, p_now, NULL) s
          JOIN unnest(v_wanting, v_missing) w(id, missing) ON w.id = s.service_id) n
    WHERE n.place <= n.missing;
    RETURN QUERY SELECT * FROM unnest(v_ids, v_starts);
    SELECT coalesce(array_agg(w.id), '{}'), array_agg(w.missing - coalesce(f.found, 0)) INTO v_wanting, v_missing
    FROM unnest(v_wanting, v_missing) w(id, missing)
    LEFT JOIN (SELECT u.id, count(*)::int AS found FROM unnest(v_ids) u(id) GROUP BY u.id) f ON f.id = w.id
    WHERE w.missing > coalesce(f.found, 0);
    v_from := v_to;
    v_step := v_step * 2;
  END LOOP;
END $$;

CREATE FUNCTION public.fits_payment(p public.payments, p_status text, p_amount bigint, p_currency text, p_ref text, p_data jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF p_currency <> p.currency THEN
    RETURN false;
  ELSIF p_amount <> p.amount_minor
        AND NOT (p.capture_method = 'manual' AND p_status = 'succeeded' AND p.succeeded_at IS NULL
                 AND p_amount < p.amount_minor)
        AND NOT (p_status <> 'succeeded' AND p_amount IS NOT DISTINCT FROM p.authorized_minor) THEN
    RETURN false;
  ELSIF p_ref IS NULL OR p_ref = p.provider_ref THEN
    RETURN true;
  ELSIF p.provider_ref IS NULL THEN  -- its first name there, which is no other payment's
    RETURN NOT EXISTS (SELECT FROM payments o WHERE o.provider = p.provider AND o.provider_ref = p_ref);
  END IF;
  RETURN is_alias(p, p_ref, p_data);
END $$;

CREATE FUNCTION public.fn_pgqueuer_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$;

CREATE FUNCTION public.foresee_tax(p_payment uuid) RETURNS void
    LANGUAGE sql
    AS $$
  UPDATE payments p SET tax_minor = coalesce(tax_of_payment(p), 0) WHERE p.id = p_payment AND p.tax_minor = 0
$$;

CREATE FUNCTION public.free_condition(p_column text, p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $_$
DECLARE
  v_from timestamptz := greatest(p_from, date_bin('5 minutes', p_now + interval '5 minutes' - interval '1 microsecond',
                                                  '2000-01-01 00:00Z'));
  v_first date := (v_from AT TIME ZONE 'UTC')::date;
  v_last date := ((p_to - interval '1 microsecond') AT TIME ZONE 'UTC')::date;
  v_begin int := floor(pieces_into(v_first, v_from));
  v_end int := ceil(pieces_into(v_last, p_to));
  v_run int := ceil(p_minutes / 5.0);
  v_found text;
  v_lapsed bigint[];
BEGIN
  IF v_from + p_minutes * interval '1 minute' > p_to OR v_run NOT BETWEEN 1 AND 288 THEN
    RETURN 'false';
  ELSIF v_first = v_last THEN
    v_found := format('f.day = %L AND position(%s IN substring(f.bits FROM %s FOR %s)) > 0 AND %s',
                      v_first, ones(v_run), v_begin + 1, v_end - v_begin, decided('f.ragged', v_from, p_to, p_minutes));
  ELSE
    v_found := format(
      'f.day BETWEEN %1$L AND %2$L AND (position(%3$s IN CASE f.day WHEN %1$L THEN substring(f.bits FROM %4$s)
         WHEN %2$L THEN substring(f.bits FOR %5$s) ELSE f.bits END) > 0 AND %6$s OR %7$s)',
      v_first, v_last, ones(v_run), v_begin + 1, v_end, decided('f.ragged', v_from, p_to, p_minutes),
      over_midnight(v_first, v_last, v_begin, v_end, v_run, decided('f.ragged OR g.ragged', v_from, p_to, p_minutes)));
  END IF;
  v_found := format('%s IN (SELECT f.resource_no FROM free_days f WHERE %s)', p_column, v_found);
  -- What expired holds have given up is missing from the summary until a cleaner comes by: normally nobody's.
  v_lapsed := ARRAY(SELECT r FROM resources_with_expired_holds(v_from, p_to) r
                    WHERE is_free_between(r, v_from, p_to, p_minutes));
  RETURN CASE WHEN v_lapsed = '{}' THEN v_found ELSE format('(%s OR %s = ANY (%L))', v_found, p_column, v_lapsed) END;
END $_$;

CREATE FUNCTION public.free_expired_claims(p_resource bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_during tstzrange;
  v_freed int := 0;
BEGIN
  FOR v_during IN
    UPDATE claims c SET active = false, updated_at = now()
    WHERE c.active AND c.kind = 'hold' AND c.expires_at <= now()
      AND int8range(c.resource_no, c.resource_no, '[]') && int8range(p_resource, p_resource, '[]')
    RETURNING c.during
  LOOP
    PERFORM refresh_around(p_resource, v_during);
    v_freed := v_freed + 1;
  END LOOP;
  RETURN v_freed;
END $$;

CREATE FUNCTION public.free_time(p_practitioner uuid, p_from timestamp with time zone, p_to timestamp with time zone) RETURNS tstzmultirange
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  RETURN working_time(p_practitioner, p_from, p_to)
    - (SELECT coalesce(range_agg(b.during), '{}') FROM practitioners p
       CROSS JOIN LATERAL busy_ranges(p.resource_no, p_from, p_to, NULL) b WHERE p.id = p_practitioner);
END $$;

CREATE FUNCTION public.full_days(p_service uuid, p_zone text, p_from timestamp with time zone, p_to timestamp with time zone, p_limit integer, p_ignore_booking uuid) RETURNS tstzmultirange
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  RETURN (
    SELECT coalesce(range_agg(tstzrange(d.starts_at, d.ends_at)), '{}')
    FROM (SELECT starts_at, lead(starts_at) OVER (ORDER BY starts_at) AS ends_at
          FROM day_starts(p_zone, p_from - interval '50 hours', p_to + interval '50 hours')) d
    WHERE d.ends_at IS NOT NULL AND p_limit <= (
      SELECT count(*) FROM bookings b
      WHERE b.service_id = p_service AND b.starts_at >= d.starts_at AND b.starts_at < d.ends_at
        AND (b.status IN ('confirmed', 'completed') OR b.status = 'pending' AND b.hold_expires_at > now())
        AND (p_ignore_booking IS NULL OR b.id <> p_ignore_booking)));
END $$;

CREATE FUNCTION public.give_back(b public.bookings, p_payment uuid, p_amount bigint) RETURNS text
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE bookings SET paid_minor = paid_minor + p_amount, refunded_minor = refunded_minor + p_amount, updated_at = now()
   WHERE id = b.id;
  PERFORM plan_refund(new_id(), new_id(), p_payment, p_amount, 'booking_' || b.status, NULL);
  RETURN 'refunded';
END $$;

CREATE FUNCTION public.guard_tables(p_tables text[], p_readers text[] DEFAULT '{moorage_worker}'::text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE name text; reader text;
BEGIN
  FOREACH name IN ARRAY p_tables LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY product ON %I TO moorage_engine, moorage_worker USING (true) WITH CHECK (true)', name);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, moorage_web, moorage_worker, moorage_engine', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO moorage_engine', name);
    FOREACH reader IN ARRAY p_readers LOOP
      EXECUTE format('GRANT SELECT ON %I TO %I', name, reader);
    END LOOP;
  END LOOP;
END $$;

CREATE FUNCTION public.half_up(p_numerator numeric, p_denominator numeric) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT (sign(p_numerator) * div(2 * abs(p_numerator) + p_denominator, 2 * p_denominator))::bigint
$$;

CREATE FUNCTION public.hand_over(p_refund uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments;
BEGIN
  SELECT pay.* INTO p FROM refunds r JOIN payments pay ON pay.id = r.payment_id WHERE r.id = p_refund;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such refund.');
  ELSIF p.provider <> 'manual' THEN
    PERFORM refuse('not_by_hand', 'This refund is its provider''s to make.');
  END IF;
  PERFORM settle_refund(p_refund, true, 'by_hand:' || p_refund, NULL, NULL);
END $$;

CREATE FUNCTION public.hand_over_for_asking(p_refund uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden', 'This is for administrators.');
  END IF;
  PERFORM hand_over(p_refund);
END $$;

CREATE FUNCTION public.held_account(p public.payments) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE WHEN p.purpose LIKE 'booking\_%' THEN 'held:bookings' WHEN is_sold_at_once(p.purpose) THEN 'sales'
              WHEN p.purpose = 'credit' THEN 'credit:' || p.payer_id ELSE 'held:' || p.purpose END
$$;

CREATE FUNCTION public.hold_booking(p_id uuid, p_client uuid, p_family uuid, p_now timestamp with time zone, p_service uuid, p_starts timestamp with time zone, p_ends timestamp with time zone, p_session uuid, p_timezone text, p_names text[], p_emails text[], p_options text[], p_requests text, p_payment uuid, p_operation uuid, p_provider text, p_hold_minutes integer, p_bps integer, p_above bigint[], p_tier_bps integer[], p_address text DEFAULT NULL::text) RETURNS public.held_booking
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  o record; a held_booking; places integer := coalesce(cardinality(p_options), 1); bps integer; free boolean;
  wanted uuid[];
BEGIN
  SELECT s.id, s.service_type, s.is_active, s.price_minor, s.minimum_minor, s.currency,
         s.deposit_bps, s.deposit_minor, s.free_until_hours, s.late_fee_bps, s.duration_minutes, s.max_participants,
         s.buffer_before_minutes, s.buffer_after_minutes,
         s.min_notice_minutes, p.id AS practitioner_id, p.resource_no, p.user_id, p.timezone, p.is_house,
         p.commission_bps, p.verification_status, u.is_active AS client_active, u.email,
         concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')) AS name,
         p_family IS NULL OR (f.id IS NOT NULL AND f.revoked_at IS NULL) AS signed_in,
         coalesce(m.gross_minor, 0) AS month_gross, x.client_id AS held_by,
         EXISTS (SELECT FROM price_options po WHERE po.service_id = s.id) AS has_options
    INTO o
    FROM users u
    LEFT JOIN refresh_families f ON f.id = p_family AND f.user_id = u.id
    LEFT JOIN services s ON s.id = p_service
    LEFT JOIN practitioners p ON p.id = s.practitioner_id
    LEFT JOIN practitioner_months m
      ON m.practitioner_id = p.id AND m.month = month_of(p_now) AND m.currency = s.currency
    LEFT JOIN bookings x ON x.id = p_id
   WHERE u.id = p_client;
  IF NOT FOUND OR NOT o.client_active OR NOT o.signed_in THEN
    PERFORM refuse('invalid_token', 'This account is signed out or closed.');
  ELSIF o.held_by = p_client THEN
    RETURN repeated_hold(p_id);
  ELSIF o.held_by IS NOT NULL OR o.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such service.');
  ELSIF NOT o.is_active OR o.verification_status <> 'verified' THEN
    PERFORM refuse('service_unavailable', 'This service cannot be booked.');
  ELSIF o.user_id = p_client THEN
    PERFORM refuse('own_service', 'This is your own service; block the time instead of booking it.');
  ELSIF o.service_type = 'session' AND places > o.max_participants THEN
    PERFORM refuse('too_many_participants', format('At most %s can take part.', o.max_participants));
  ELSIF (o.service_type = 'course') <> (p_starts IS NULL AND p_session IS NULL)
        OR (o.service_type = 'session' AND p_starts IS NULL) THEN
    PERFORM refuse('invalid_start', 'A session is booked by its start, a workshop by its start or session, a course whole.');
  END IF;

  a.names := coalesce(p_names, ARRAY[o.name]);
  a.emails := coalesce(p_emails, ARRAY[o.email]);
  IF o.has_options OR p_options IS NOT NULL THEN
    a.prices_minor := price_participants(p_service, o.has_options, p_options, places,
                                         CASE WHEN o.service_type = 'session' THEN 0 ELSE o.price_minor END);
  ELSE
    a.prices_minor := ARRAY[CASE WHEN o.service_type = 'session' THEN 0 ELSE o.price_minor END];
  END IF;
  IF o.service_type = 'session' AND NOT o.has_options THEN
    a.total_minor := o.price_minor;
  ELSE
    a.total_minor := (SELECT sum(price) FROM unnest(a.prices_minor) AS price);
    IF o.has_options THEN
      a.total_minor := greatest(a.total_minor, o.minimum_minor);
    END IF;
  END IF;
  a.due_now_minor := CASE WHEN a.total_minor = 0 THEN 0
    ELSE least(a.total_minor,
               greatest(1, coalesce(o.deposit_minor, round(a.total_minor::numeric * o.deposit_bps / 10000), a.total_minor)))
    END;
  bps := CASE WHEN o.is_house THEN 0 ELSE o.commission_bps END;
  IF bps IS NULL THEN
    bps := CASE WHEN o.month_gross = 0 THEN p_bps
                ELSE commission_rate(o.month_gross, o.currency, p_bps, p_above, p_tier_bps) END;
  END IF;
  a.commission_minor := round(a.total_minor::numeric * bps / 10000);
  a.status := CASE WHEN a.total_minor = 0 THEN 'confirmed' ELSE 'pending' END;
  a.hold_expires_at := CASE WHEN a.total_minor > 0 THEN now() + make_interval(mins => p_hold_minutes) END;
  a.payment_id := CASE WHEN a.total_minor > 0 THEN p_payment END;

  IF o.service_type = 'session' THEN
    a.starts_at := p_starts;
    a.ends_at := p_starts + make_interval(mins => o.duration_minutes);
    free := take_time(p_id, p_client, p_service, o.resource_no, p_starts, a.ends_at, o.buffer_before_minutes,
                      o.buffer_after_minutes, p_now, a.hold_expires_at);
  ELSE
    SELECT taken.* INTO free, wanted, a.starts_at, a.ends_at
      FROM take_places(p_id, p_client, p_service, o.service_type, p_session, p_starts, places,
                       p_now + make_interval(mins => o.min_notice_minutes)) AS taken;
    a.has_children := o.service_type = 'course';
    a.session_id := CASE WHEN NOT a.has_children THEN wanted[1] END;
  END IF;
  -- Two calls with one id at once: the second waited for the lock, and finds what the first wrote.
  IF NOT free AND EXISTS (SELECT FROM bookings WHERE id = p_id AND client_id = p_client) THEN
    RETURN repeated_hold(p_id);
  ELSIF NOT free THEN
    PERFORM refuse('slot_unavailable', 'That time is not free.');
  END IF;
  IF a.ends_at <> p_ends THEN
    PERFORM refuse('invalid_range', 'The end is not where this service ends.');
  END IF;

  a.practitioner_id := o.practitioner_id;
  a.timezone := coalesce(p_timezone, o.timezone);
  a.currency := o.currency;
  a.free_until_hours := o.free_until_hours;
  a.late_fee_bps := o.late_fee_bps;
  a.created_at := now();
  INSERT INTO bookings (id, service_id, practitioner_id, client_id, session_id, status, starts_at, ends_at, timezone,
                        places, currency, total_minor, due_now_minor, commission_bps, commission_minor,
                        free_until_hours, late_fee_bps, buffer_before_minutes, buffer_after_minutes, special_requests,
                        address, hold_expires_at, confirmed_at)
  VALUES (p_id, p_service, a.practitioner_id, p_client, a.session_id, a.status, a.starts_at, a.ends_at, a.timezone,
          places, a.currency, a.total_minor, a.due_now_minor, bps, a.commission_minor,
          a.free_until_hours, a.late_fee_bps, o.buffer_before_minutes, o.buffer_after_minutes, p_requests,
          p_address, a.hold_expires_at, CASE WHEN a.total_minor = 0 THEN p_now END);
  IF places = 1 THEN
    INSERT INTO booking_participants (booking_id, position, name, email, option_name, price_minor)
    VALUES (p_id, 1, coalesce(a.names[1], ''), a.emails[1], p_options[1], a.prices_minor[1]);
  ELSE
    INSERT INTO booking_participants (booking_id, position, name, email, option_name, price_minor)
    SELECT p_id, at, coalesce(a.names[at], ''), a.emails[at], p_options[at], a.prices_minor[at]
      FROM generate_series(1, places) AS at;
  END IF;
  IF a.has_children THEN
    PERFORM enrol_children(p_id, wanted);
  END IF;
  IF a.total_minor > 0 THEN
    PERFORM open_payment(p_payment, p_operation,
                         CASE WHEN a.due_now_minor < a.total_minor THEN 'booking_deposit' ELSE 'booking_full' END,
                         p_id, p_client, a.due_now_minor, a.currency, p_provider);
  ELSE
    PERFORM tell_booking(p_id, 'confirmed');
  END IF;
  RETURN a;
END $$;

CREATE FUNCTION public.hold_disputed(p public.payments, d public.disputes, p_data jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF d.held_minor = 0 THEN
    RETURN;
  END IF;
  UPDATE payments SET disputed_minor = disputed_minor + d.held_minor, updated_at = now() WHERE id = p.id;
  PERFORM post(new_id(), 'dispute_opened', 'dispute', d.id, 'dispute_opened:' || d.id, p.currency,
               ARRAY['disputed:' || p.provider, 'clearing:' || p.provider], ARRAY[d.held_minor, -d.held_minor]);
  PERFORM hold_earning(p.id, now());
  PERFORM restate_payment(p.id, 'dispute_opened', p_data, NULL);
END $$;

CREATE FUNCTION public.hold_earning(p_payment uuid, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE e earnings; left_minor bigint;
BEGIN
  SELECT * INTO e FROM earnings WHERE payment_id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE earnings SET held_at = p_at, updated_at = now(),
                      status = CASE WHEN p_at IS NOT NULL AND status = 'available' THEN 'pending' ELSE status END
   WHERE id = e.id;
  left_minor := e.net_minor - (e.reversed_gross_minor - e.reversed_commission_minor);
  IF p_at IS NOT NULL AND e.status = 'available' AND left_minor <> 0 AND NOT e.is_sale THEN
    PERFORM post(new_id(), 'earning_held', 'booking', e.booking_id, format('held:%s:%s', e.id, e.releases), e.currency,
                 ARRAY['earnings_available:' || e.practitioner_id, 'earnings_pending:' || e.practitioner_id],
                 ARRAY[left_minor, -left_minor]);
  END IF;
END $$;

CREATE FUNCTION public.hold_freed(p_payment uuid, p_freed uuid, p_data jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payments; d disputes; more bigint;
BEGIN
  FOR d IN SELECT * FROM disputes WHERE payment_id = p_payment AND status <> 'won' AND held_minor < amount_minor
            ORDER BY created_at, id LOOP
    SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
    more := least(d.amount_minor - d.held_minor,
                  p.amount_minor - p.refunded_minor - p.refund_pending_minor - p.disputed_minor);
    EXIT WHEN more <= 0;
    UPDATE disputes SET held_minor = held_minor + more, updated_at = now() WHERE id = d.id;
    UPDATE payments SET disputed_minor = disputed_minor + more, updated_at = now() WHERE id = p_payment;
    PERFORM post(new_id(), 'dispute_opened', 'dispute', d.id, format('dispute_held:%s:%s', d.id, p_freed), p.currency,
                 ARRAY['disputed:' || p.provider, 'clearing:' || p.provider], ARRAY[more, -more]);
    IF d.status = 'lost' THEN
      PERFORM take_disputed(p, d, more, format('dispute_lost:%s:%s', d.id, p_freed));
    ELSE
      PERFORM hold_earning(p_payment, now());
    END IF;
    PERFORM restate_payment(p_payment, 'dispute_' || CASE d.status WHEN 'lost' THEN 'lost' ELSE 'opened' END, p_data, NULL);
  END LOOP;
END $$;

CREATE FUNCTION public.horizon_end(p_zone text, p_now timestamp with time zone, p_days integer) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
  v_last date := wall_time(p_zone, p_now)::date + p_days;
BEGIN
  RETURN (SELECT min(d.starts_at)
          FROM day_starts(p_zone, p_now + (p_days - 2) * interval '24 hours', p_now + (p_days + 4) * interval '24 hours') d
          WHERE d.day > v_last);
END $$;

CREATE FUNCTION public.host_invoice(p_invoice uuid, p_payment uuid, p_operation uuid, p_provider text, p_page text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE i invoices := lock_whole_invoice(p_invoice); owed bigint; hosted payments;
BEGIN
  IF (i.customer_id = asking_user()) IS NOT TRUE THEN
    PERFORM check_may_invoice('Invoices are for administrators to write.');
  END IF;
  owed := open_of_invoice(i);
  IF i.status IS DISTINCT FROM 'open' OR owed = 0
     OR EXISTS (SELECT FROM bookings b WHERE b.id = i.booking_id AND b.status = 'pending') THEN
    RETURN NULL;
  END IF;
  SELECT * INTO hosted FROM payments p
   WHERE p.id = i.hosted_payment_id AND p.amount_minor = owed
     AND (p.status IN ('pending', 'requires_action', 'processing') OR p.status = 'failed' AND p.provider_ref IS NOT NULL)
     AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel');
  IF FOUND THEN
    RETURN (SELECT o.id FROM provider_operations o WHERE o.payment_id = hosted.id AND o.kind = 'create'
               AND o.status IN ('planned', 'called', 'unknown'));
  END IF;
  PERFORM stop_hosting(i.id, 'replaced');
  PERFORM open_payment(p_payment, p_operation, CASE WHEN i.booking_id IS NULL THEN 'invoice' ELSE 'booking_balance' END,
                       coalesce(i.booking_id, i.id), i.customer_id, owed, i.currency, p_provider);
  PERFORM describe_payment(p_payment, jsonb_build_object(
    'mode', 'invoice', 'description', 'Invoice ' || i.number, 'lines', hosted_lines(i, owed),
    'return_url', p_page, 'cancel_url', p_page,
    'payer_email', i.customer_email, 'metadata', jsonb_build_object('invoice_id', i.id)));
  PERFORM foresee_tax(p_payment);
  UPDATE invoices SET hosted_payment_id = p_payment, updated_at = now() WHERE id = i.id;
  RETURN p_operation;
END $$;

CREATE FUNCTION public.hosted_lines(i public.invoices, p_owed bigint) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  SELECT CASE WHEN i.gross_minor = p_owed THEN
    (SELECT jsonb_agg(jsonb_build_object(
              'name', CASE WHEN l.quantity > 1 THEN l.quantity || ' × ' ELSE '' END || l.description,
              'amount_minor', l.gross_minor, 'quantity', 1, 'description', '') ORDER BY l."position")
       FROM invoice_lines l WHERE l.invoice_id = i.id)
  ELSE jsonb_build_array(jsonb_build_object(
         'name', 'Balance of invoice ' || i.number, 'amount_minor', p_owed, 'quantity', 1, 'description', '')) END
$$;

CREATE FUNCTION public.identity_asks(p_issuer text, p_subject text, p_is_admin boolean, p_email text, p_kept_id uuid, p_id uuid) RETURNS TABLE(user_id uuid, role text, is_active boolean, practitioner_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE v_user uuid := meet_identity(p_issuer, p_subject, p_is_admin, p_email, p_kept_id, p_id);
BEGIN
  RETURN QUERY SELECT v_user, w.role, w.is_active, w.practitioner_id FROM who_asks(v_user, NULL) w;
END $$;

CREATE FUNCTION public.invoice_address(i public.invoices) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce(i.customer_email, (SELECT u.email FROM users u WHERE u.id = i.customer_id))
$$;

CREATE FUNCTION public.invoice_owed(p_invoice uuid, OUT owed_minor bigint, OUT currency text, OUT payer uuid) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE i invoices := lock_invoice(p_invoice);
BEGIN
  IF i.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such invoice.');
  ELSIF i.booking_id IS NOT NULL THEN
    PERFORM refuse('invalid_state', 'This invoice is of a booking: pay the balance of that.');
  ELSIF i.status NOT IN ('open', 'uncollectible') THEN
    PERFORM refuse('invalid_state', format('This invoice is %s.', i.status));
  END IF;
  owed_minor := open_of_invoice(i);
  currency := i.currency;
  payer := i.customer_id;
END $$;

CREATE FUNCTION public.invoices_to_remind_of(p_days integer[], p_now timestamp with time zone, p_limit integer) RETURNS TABLE(id uuid, link_nonce bytea)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT x.id, x.link_nonce FROM invoices x
   WHERE x.status = 'open' AND x.reminders_sent < cardinality(p_days)
     AND x.due_at + make_interval(days => p_days[x.reminders_sent + 1]) <= p_now
   ORDER BY x.due_at, x.id LIMIT p_limit FOR UPDATE SKIP LOCKED
$$;

CREATE FUNCTION public.is_alias(p public.payments, p_ref text, p_data jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  RETURN EXISTS (SELECT FROM jsonb_each_text(p.provider_ids) known WHERE known.value = p_ref)
      OR EXISTS (SELECT FROM jsonb_each_text(coalesce(p_data -> 'ids', '{}')) told WHERE told.value = p.provider_ref)
      OR p.provider_ids ->> 'checkout_session' IS NOT DISTINCT FROM p.provider_ref
         AND NOT p.provider_ids ? 'payment_intent';
END $$;

CREATE FUNCTION public.is_free_between(p_resource bigint, p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer) RETURNS boolean
    LANGUAGE plpgsql STABLE COST 10
    AS $$
BEGIN
  RETURN earliest_free(p_resource, p_from, p_to, p_minutes) IS NOT NULL;
END $$;

CREATE FUNCTION public.is_free_start(p_service uuid, p_start timestamp with time zone, p_now timestamp with time zone, p_ignore_booking uuid DEFAULT NULL::uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  RETURN EXISTS (SELECT FROM starts_of(ARRAY[p_service], p_start, p_start + interval '1 microsecond', p_now,
                                       p_ignore_booking));
END $$;

CREATE FUNCTION public.is_sold_at_once(p_purpose text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT p_purpose IN ('free_amount', 'subscription')
$$;

CREATE FUNCTION public.keep_answer(p_caller text, p_key text, p_subject uuid, p_status integer, p_type text, p_body bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE idempotency_keys SET state = 'answered', status = p_status, content_type = p_type, body = p_body
   WHERE caller = p_caller AND key = p_key AND subject_id = p_subject
$$;

CREATE FUNCTION public.keep_customer(p_id uuid, p_provider text, p_provider_ref text, p_user uuid, p_email text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO provider_customers (id, provider, provider_ref, user_id, email)
  VALUES (p_id, p_provider, p_provider_ref, p_user, p_email) ON CONFLICT DO NOTHING;
  RETURN (SELECT c.provider_ref FROM provider_customers c WHERE c.provider = p_provider AND c.user_id = p_user);
END $$;

CREATE FUNCTION public.keep_findings(p_provider text, p_since timestamp with time zone, p_until timestamp with time zone, p_found jsonb) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  WITH found AS (
    SELECT DISTINCT ON (kind, movement, provider_ref) *
      FROM jsonb_to_recordset(p_found) AS f (kind text, movement text, provider_ref text, payment_id uuid, details jsonb)
     ORDER BY kind, movement, provider_ref
  ), gone AS (
    UPDATE reconciliation_findings f SET resolved_at = now()
     WHERE f.provider = p_provider AND f.resolved_at IS NULL
       AND (f.details ->> 'recorded_at')::timestamptz >= p_since AND (f.details ->> 'recorded_at')::timestamptz < p_until
       AND NOT EXISTS (SELECT FROM found x
                        WHERE (x.kind, x.movement, x.provider_ref) = (f.kind, f.movement, f.provider_ref))
  ), kept AS (
    INSERT INTO reconciliation_findings AS f (id, provider, kind, movement, provider_ref, payment_id, details)
    SELECT new_id(), p_provider, kind, movement, provider_ref, payment_id, details FROM found
    ON CONFLICT (provider, kind, movement, provider_ref) DO UPDATE
       SET resolved_at = NULL, found_at = now(), details = excluded.details WHERE f.resolved_at IS NOT NULL
    RETURNING f.id
  )
  SELECT count(*)::integer FROM kept
$$;

CREATE FUNCTION public.keep_issued_invoice() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (OLD.series, OLD.no, OLD.number, OLD.customer_id, OLD.customer_email, OLD.customer_name,
      OLD.customer_address, OLD.booking_id, OLD.quote_id, OLD.currency, OLD.net_minor, OLD.tax_minor, OLD.gross_minor,
      OLD.note, OLD.issued_at)
     IS DISTINCT FROM (NEW.series, NEW.no, NEW.number, NEW.customer_id, NEW.customer_email, NEW.customer_name,
      NEW.customer_address, NEW.booking_id, NEW.quote_id, NEW.currency, NEW.net_minor, NEW.tax_minor, NEW.gross_minor,
      NEW.note, NEW.issued_at) THEN
    RAISE EXCEPTION 'invoice % is issued', OLD.number USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION public.keep_on_subscription(p_subscription uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE subscriptions SET ending = NULL, ending_since = NULL, updated_at = now() WHERE id = p_subscription
$$;

CREATE FUNCTION public.keep_payee(p_id uuid, p_provider_ref text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE y payees;
BEGIN
  UPDATE payees SET provider_ref = coalesce(provider_ref, p_provider_ref), updated_at = now()
   WHERE id = p_id RETURNING * INTO STRICT y;
  -- The contract shows this one account by name.
  UPDATE practitioners SET stripe_account_id = y.provider_ref, updated_at = now()
   WHERE id = y.practitioner_id AND y.provider = 'stripe' AND stripe_account_id IS DISTINCT FROM y.provider_ref;
  RETURN y.provider_ref;
END $$;

CREATE FUNCTION public.keep_product(p_provider text, p_local_key text, p_product text, p_price text, p_digest text, p_is_active boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  UPDATE provider_products SET is_active = false, updated_at = now()
   WHERE provider = p_provider AND local_key = p_local_key AND is_active AND provider_ref NOT IN (p_product, p_price);
  INSERT INTO provider_products AS kept (id, provider, kind, local_key, provider_ref, digest, is_active)
  VALUES (new_id(), p_provider, 'product', p_local_key, p_product, p_digest, p_is_active),
         (new_id(), p_provider, 'price', p_local_key, p_price, p_digest, p_is_active)
  ON CONFLICT (provider, kind, local_key, provider_ref)
  DO UPDATE SET digest = excluded.digest, is_active = excluded.is_active, updated_at = now()
   WHERE (kept.digest, kept.is_active) IS DISTINCT FROM (excluded.digest, excluded.is_active);
END $$;

CREATE FUNCTION public.lapsed_places(p_session uuid) RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT coalesce(sum(b.places), 0)::int
  FROM bookings b JOIN bookings top ON top.id = coalesce(b.parent_id, b.id)
  WHERE b.session_id = p_session AND b.status = 'pending' AND top.status = 'pending' AND top.hold_expires_at <= now()
$$;

CREATE FUNCTION public.learn_payment(p_payment uuid, p_data jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE payments
     SET provider_ids = provider_ids || coalesce(p_data -> 'ids', '{}'),
         expires_at = coalesce((p_data ->> 'expires_at')::timestamptz, expires_at),
         tax_minor = coalesce((p_data ->> 'tax_minor')::bigint, tax_minor), updated_at = now()
   WHERE id = p_payment
     AND NOT (provider_ids @> coalesce(p_data -> 'ids', '{}')
              AND expires_at IS NOT DISTINCT FROM coalesce((p_data ->> 'expires_at')::timestamptz, expires_at)
              AND tax_minor = coalesce((p_data ->> 'tax_minor')::bigint, tax_minor));
END $$;

CREATE FUNCTION public.least_payout(p_minimum integer, p_currency text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT (p_minimum * power(10::numeric, currency_exponent(p_currency)))::bigint
$$;

CREATE FUNCTION public.ledger_seal(p_id uuid, p_kind text, p_reference_type text, p_reference_id uuid, p_cause text, p_currency text, p_reverses uuid, p_posted_at timestamp with time zone, p_codes text[], p_amounts bigint[]) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT sha256(convert_to(concat_ws('|', p_id, p_kind, p_reference_type, p_reference_id, p_cause, p_currency,
    coalesce(p_reverses::text, '-'), (extract(epoch FROM p_posted_at) * 1000000)::bigint,
    array_to_string(p_codes, ','), array_to_string(p_amounts, ',')), 'UTF8'))
$$;

CREATE FUNCTION public.list_starts(p_service uuid, p_from timestamp with time zone, p_to timestamp with time zone, p_now timestamp with time zone, p_ignore_booking uuid DEFAULT NULL::uuid) RETURNS SETOF timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
  SELECT s.starts_at FROM starts_of(ARRAY[p_service], p_from, p_to, p_now, p_ignore_booking) s ORDER BY 1
$$;

CREATE FUNCTION public.local_windows(p_practitioner uuid, p_first date, p_last date) RETURNS TABLE(opens timestamp without time zone, closes timestamp without time zone)
    LANGUAGE sql STABLE
    AS $$
  SELECT w.day + w.start_minute * interval '1 minute',
         w.day + CASE WHEN w.start_minute + w.minutes > 1440
                       AND EXISTS (SELECT FROM date_overrides o
                                   WHERE o.practitioner_id = p_practitioner AND o.date = w.day + 1)
                      THEN 1440 ELSE w.start_minute + w.minutes END * interval '1 minute'
  FROM (
    SELECT date '2000-01-03' + d.n AS day, d.start_minute, d.minutes
    FROM (
      SELECT h.start_minute, h.minutes, generate_series( -- 2000-01-03 was a Monday: its number and weekday are 0
        greatest(p_first, h.valid_from) - date '2000-01-03'
          + (7 + h.weekday - (greatest(p_first, h.valid_from) - date '2000-01-03') % 7) % 7,
        least(p_last, h.valid_to) - date '2000-01-03', 7) AS n
      FROM weekly_hours h WHERE h.practitioner_id = p_practitioner
    ) d
    WHERE NOT EXISTS (SELECT FROM date_overrides o
                      WHERE o.practitioner_id = p_practitioner AND o.date = date '2000-01-03' + d.n)
    UNION ALL
    SELECT o.date, u.start_minute, u.minutes
    FROM date_overrides o CROSS JOIN LATERAL unnest(o.start_minutes, o.lengths_minutes) u(start_minute, minutes)
    WHERE o.practitioner_id = p_practitioner AND o.date BETWEEN p_first AND p_last
  ) w
$$;

CREATE FUNCTION public.lock_available_earnings(p_practitioner uuid, p_currency text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM FROM ledger_balances b JOIN ledger_accounts a ON a.no = b.account_no
    WHERE a.code = 'earnings_available:' || p_practitioner AND a.currency = p_currency FOR UPDATE OF b;
  RETURN available_earnings(p_practitioner, p_currency);
END $$;

CREATE FUNCTION public.lock_booking(p_booking uuid) RETURNS public.bookings
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE seen record; wanted uuid[]; b bookings;
BEGIN
  SELECT coalesce(x.parent_id, x.id) AS id, x.session_id, p.resource_no, s.service_type INTO seen
    FROM bookings x JOIN practitioners p ON p.id = x.practitioner_id JOIN services s ON s.id = x.service_id
   WHERE x.id = p_booking;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF seen.service_type = 'session' THEN
    PERFORM pg_advisory_xact_lock(seen.resource_no);
  ELSE
    wanted := sessions_of(seen.id);
    PERFORM FROM sessions WHERE id = ANY (wanted) ORDER BY id FOR UPDATE;
  END IF;
  SELECT * INTO b FROM bookings WHERE id = seen.id FOR UPDATE;
  IF seen.service_type <> 'session' AND NOT sessions_of(b.id) <@ wanted THEN
    -- It moved to another session while we waited: nothing is written yet, so tell the whole unit again.
    RAISE EXCEPTION 'booking % moved meanwhile', b.id USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN b;
END $$;

CREATE FUNCTION public.lock_by_hand(p_payment uuid) RETURNS public.payments
    LANGUAGE plpgsql
    AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF p.provider <> 'manual' THEN
    PERFORM refuse('not_by_hand', 'This payment is its provider''s to move.');
  END IF;
  PERFORM lock_purpose(p.purpose, p.purpose_id);
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  RETURN p;
END $$;

CREATE FUNCTION public.lock_invoice(p_invoice uuid) RETURNS public.invoices
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT * FROM invoices WHERE id = p_invoice FOR UPDATE
$$;

CREATE FUNCTION public.lock_new_payment(p_payment uuid) RETURNS void
    LANGUAGE sql
    AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('payment:' || p_payment, 0))
$$;

CREATE FUNCTION public.lock_payout_by_hand(p_payout uuid) RETURNS public.payouts
    LANGUAGE plpgsql
    AS $$
DECLARE p payouts;
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden');
  END IF;
  SELECT * INTO p FROM payouts WHERE id = p_payout FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payout.');
  ELSIF p.method <> 'manual' THEN
    PERFORM refuse('payout_by_provider');
  END IF;
  RETURN p;
END $$;

CREATE FUNCTION public.lock_purpose(p_purpose text, p_purpose_id uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF p_purpose LIKE 'booking\_%' THEN
    PERFORM lock_booking(p_purpose_id);
  ELSIF p_purpose = 'invoice' THEN
    PERFORM lock_invoice(p_purpose_id);
  END IF;
END $$;

CREATE TABLE public.quotes (
    id uuid NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    customer_id uuid,
    customer_email text,
    customer_name text DEFAULT ''::text NOT NULL,
    customer_address text DEFAULT ''::text NOT NULL,
    booking_id uuid,
    currency text NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    gross_minor bigint NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    link_nonce bytea DEFAULT uuid_send(gen_random_uuid()) NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    days_until_due integer DEFAULT 7 NOT NULL,
    decided_at timestamp with time zone,
    decline_reason text,
    CONSTRAINT ck_quotes_amounts CHECK (((gross_minor > 0) AND (tax_minor >= 0))),
    CONSTRAINT ck_quotes_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_quotes_days_range CHECK (((days_until_due >= 0) AND (days_until_due <= 366))),
    CONSTRAINT ck_quotes_decided_when CHECK (((status = 'open'::text) = (decided_at IS NULL))),
    CONSTRAINT ck_quotes_has_customer CHECK (((customer_id IS NOT NULL) OR (customer_email IS NOT NULL))),
    CONSTRAINT ck_quotes_nonce_length CHECK ((octet_length(link_nonce) = 16)),
    CONSTRAINT ck_quotes_status_known CHECK ((status = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'withdrawn'::text]))),
    CONSTRAINT ck_quotes_totals CHECK (((net_minor + tax_minor) = gross_minor))
);

ALTER TABLE ONLY public.quotes FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.lock_quote(p_quote uuid, p_by_link boolean) RETURNS public.quotes
    LANGUAGE plpgsql
    AS $$
DECLARE q quotes;
BEGIN
  SELECT * INTO q FROM quotes WHERE id = p_quote FOR UPDATE;
  IF NOT FOUND OR NOT coalesce(p_by_link AND asking_product() OR q.customer_id = asking_user() OR asking_admin(), false)
  THEN
    PERFORM refuse('not_found', 'There is no such quote.');
  END IF;
  RETURN q;
END $$;

CREATE FUNCTION public.lock_subscription(p_provider text, p_ref text) RETURNS void
    LANGUAGE sql
    AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('subscription:' || p_provider || ':' || p_ref, 0))
$$;

CREATE FUNCTION public.lock_whole_invoice(p_invoice uuid) RETURNS public.invoices
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM lock_booking(booking_id) FROM invoices WHERE id = p_invoice AND booking_id IS NOT NULL;
  RETURN lock_invoice(p_invoice);
END $$;

CREATE FUNCTION public.lower_payment(p_payment uuid, p_amount bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  UPDATE payments SET authorized_minor = coalesce(authorized_minor, amount_minor), amount_minor = p_amount,
                      tax_minor = half_up(tax_minor::numeric * p_amount, amount_minor), updated_at = now()
   WHERE id = p_payment AND succeeded_at IS NULL;
END $$;

CREATE FUNCTION public.make_confirmed(b public.bookings, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payments;
BEGIN
  UPDATE bookings
     SET status = 'confirmed', confirmed_at = p_now, hold_expires_at = NULL, cancelled_at = NULL, cancelled_by = NULL,
         cancel_kind = NULL, cancel_reason = NULL, updated_at = now()
   WHERE id = b.id OR parent_id = b.id;
  PERFORM confirm_claim(b.id);
  PERFORM count_gross(b.practitioner_id, p_now, b.currency, b.total_minor);
  PERFORM tell_booking(b.id, 'confirmed');
  FOR p IN
    SELECT * FROM payments x WHERE x.purpose_id = b.id AND x.status IN ('succeeded', 'partially_refunded', 'disputed')
       AND x.amount_minor > x.refunded_minor + x.refund_pending_minor ORDER BY x.created_at, x.id
  LOOP
    PERFORM earn(b, p.id, p.amount_minor - p.refunded_minor - p.refund_pending_minor);
    PERFORM hold_earning(p.id, now()) WHERE p.status = 'disputed';
  END LOOP;
END $$;

CREATE FUNCTION public.make_quote(p_quote uuid, p_customer uuid, p_email text, p_name text, p_address text, p_booking uuid, p_currency text, p_lines jsonb, p_note text, p_expires_at timestamp with time zone, p_days_until_due integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE sums record; b bookings;
BEGIN
  PERFORM check_may_invoice('Quotes are for administrators to make.');
  SELECT * INTO b FROM bookings WHERE id = p_booking AND parent_id IS NULL;
  IF p_booking IS NOT NULL AND NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF p_customer IS NOT NULL AND NOT EXISTS (SELECT FROM users WHERE id = p_customer) THEN
    PERFORM refuse('not_found', 'There is no such customer.');
  ELSIF b.currency <> p_currency THEN
    PERFORM refuse('invalid_lines', 'A quote is in the currency of its booking.');
  END IF;
  sums := sum_lines(p_lines);
  INSERT INTO quotes (id, customer_id, customer_email, customer_name, customer_address, booking_id, currency, net_minor,
                      tax_minor, gross_minor, note, created_by, expires_at, days_until_due)
  VALUES (p_quote, coalesce(p_customer, b.client_id, account_at(p_email)), p_email, p_name, p_address, p_booking,
          p_currency, sums.net_minor, sums.tax_minor, sums.gross_minor, p_note, asking_user(), p_expires_at, p_days_until_due)
  ON CONFLICT (id) DO NOTHING;
  IF FOUND THEN
    INSERT INTO quote_lines SELECT p_quote, l.* FROM priced_lines(p_lines) AS l;
  END IF;
END $$;

CREATE FUNCTION public.make_room(p_purpose text, p_purpose_id uuid, p_amount bigint, p_but uuid DEFAULT NULL::uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE attempt payments; room bigint;
BEGIN
  SELECT owed_minor INTO room FROM amount_owed(CASE p_purpose WHEN 'booking_deposit' THEN 'booking_balance' ELSE p_purpose END,
                                               p_purpose_id);
  room := room - p_amount;
  FOR attempt IN
    SELECT * FROM payments p WHERE p.purpose_id = p_purpose_id AND p.id IS DISTINCT FROM p_but
       AND p.status IN ('pending', 'requires_action', 'processing', 'failed')
       AND (p.mode <> 'invoice' OR p.status = 'processing')  -- a hosted invoice stays open until money comes
       AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel')
     ORDER BY (p.status = 'processing') DESC, p.created_at DESC, p.id DESC FOR UPDATE
  LOOP
    IF attempt.status <> 'failed' AND attempt.amount_minor <= room
       AND NOT (p_purpose = 'booking_deposit' AND attempt.purpose = p_purpose) THEN  -- a deposit is paid once
      room := room - attempt.amount_minor;
    ELSIF attempt.status = 'processing' THEN
      PERFORM refuse('invalid_state', 'A payment of this is being processed.');
    ELSE
      PERFORM plan_cancel(new_id(), attempt.id, 'replaced', asking_user());
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION public.make_way(p_booking uuid, p_client uuid, p_service uuid, p_resource bigint, p_starts timestamp with time zone, p_ends timestamp with time zone, p_wanted tstzrange) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE b bookings; made boolean := false;
BEGIN
  FOR b IN
    SELECT x.* FROM claims c JOIN bookings x ON x.id = c.booking_id
     WHERE int8range(c.resource_no, c.resource_no, '[]') && int8range(p_resource, p_resource, '[]')
       AND c.during && p_wanted AND c.active AND c.kind = 'hold' AND x.status = 'pending' AND x.id <> p_booking
       AND (x.hold_expires_at <= now()
            OR (x.client_id = p_client AND x.service_id = p_service AND x.starts_at < p_ends AND p_starts < x.ends_at))
       FOR UPDATE OF x
  LOOP
    PERFORM replace_hold(b);
    made := true;
  END LOOP;
  RETURN made;
END $$;

CREATE FUNCTION public.mark_no_show(p_booking uuid, p_by uuid, p_now timestamp with time zone, p_refund_window_hours integer, OUT refund_minor bigint, OUT operations uuid[]) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings := lock_booking(p_booking);
BEGIN
  PERFORM check_side(b, p_booking, p_by, ARRAY['practitioner', 'admin']);
  IF b.status <> 'confirmed' THEN
    PERFORM refuse('invalid_state', format('This booking is %s, not confirmed.', b.status));
  ELSIF b.starts_at > p_now THEN
    PERFORM refuse('invalid_state', 'This booking has not begun.');
  END IF;
  PERFORM finish_booking(b, false, p_now, p_refund_window_hours);
  SELECT r.planned_minor, stop_collecting(b.id, 'no_show', p_by) || r.calls INTO refund_minor, operations
    FROM cancel_terms(b, 'client', p_now) AS t, refund_booking(b, t.refund_minor, 'no_show', p_by) AS r;
END $$;

CREATE FUNCTION public.mark_paid_earnings(p_practitioner uuid, p_currency text, p_paid bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE earnings e SET status = told.status, updated_at = now()
    FROM (SELECT id, CASE WHEN sum(net_minor - reversed_gross_minor + reversed_commission_minor)
                               OVER (ORDER BY created_at, id) <= p_paid THEN 'paid' ELSE 'available' END AS status
            FROM earnings
           WHERE practitioner_id = p_practitioner AND currency = p_currency AND NOT is_sale
             AND status IN ('available', 'paid')) AS told
   WHERE e.id = told.id AND e.status IN ('available', 'paid') AND e.status <> told.status AND e.held_at IS NULL
$$;

CREATE FUNCTION public.mark_payout_failed(p_payout uuid, p_reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payouts;
BEGIN
  p := lock_payout_by_hand(p_payout);
  IF p.status <> 'failed' THEN
    PERFORM return_payout(p_payout, p.amount_minor, p_reason);
    PERFORM record_action('payout.failed', 'payout', p_payout, jsonb_build_object('reason', p_reason, 'was', p.status));
  END IF;
END $$;

CREATE FUNCTION public.mark_payout_paid(p_payout uuid, p_note text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payouts;
BEGIN
  p := lock_payout_by_hand(p_payout);
  IF p.status = 'failed' THEN
    PERFORM refuse('invalid_state', 'This payout has failed: its money is available again.');
  ELSIF p.status <> 'paid' THEN
    PERFORM settle_payout(p_payout);
    UPDATE payouts SET note = coalesce(p_note, note) WHERE id = p_payout;
    PERFORM record_action('payout.paid', 'payout', p_payout, jsonb_build_object('note', p_note));
  END IF;
END $$;

CREATE FUNCTION public.meet_identity(p_issuer text, p_subject text, p_is_admin boolean, p_email text, p_kept_id uuid, p_id uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE met external_identities; v_id uuid := p_id;
BEGIN
  SELECT * INTO met FROM external_identities WHERE issuer = p_issuer AND subject = p_subject;
  IF NOT FOUND THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_issuer || ' ' || p_subject, 0));
    SELECT * INTO met FROM external_identities WHERE issuer = p_issuer AND subject = p_subject;
  END IF;
  IF met.user_id IS NULL THEN
    IF p_kept_id IS NOT NULL AND NOT EXISTS (SELECT FROM users WHERE id = p_kept_id) THEN
      v_id := p_kept_id;
    END IF;
    INSERT INTO users (id, email) VALUES (v_id, nobodys_email(p_issuer, p_subject));
    BEGIN
      UPDATE users SET email = p_email WHERE id = v_id AND p_email ~ '^[^@\s]{1,64}@[^@\s]{1,255}$';
    EXCEPTION WHEN unique_violation THEN
      NULL;  -- somebody else's here: an issuer's word does not join two accounts
    END;
    INSERT INTO external_identities (issuer, subject, user_id) VALUES (p_issuer, p_subject, v_id) RETURNING * INTO met;
  END IF;
  IF p_is_admin <> met.is_admin THEN
    UPDATE external_identities SET is_admin = p_is_admin, updated_at = now()
     WHERE issuer = p_issuer AND subject = p_subject;
    UPDATE users SET role = CASE WHEN p_is_admin THEN 'admin' ELSE 'user' END, updated_at = now()
     WHERE id = met.user_id AND role <> 'owner';
    PERFORM record_action(CASE WHEN p_is_admin THEN 'made_admin' ELSE 'made_user' END, 'user', met.user_id,
                          jsonb_build_object('issuer', p_issuer, 'subject', p_subject), met.user_id);
  END IF;
  RETURN met.user_id;
END $_$;

CREATE FUNCTION public.method_kind(p_method text, p_provider text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE WHEN p_method IS NULL THEN p_provider WHEN p_method LIKE '% ____' THEN 'card' ELSE p_method END
$$;

CREATE FUNCTION public.money_text(amount_minor bigint, currency text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT round(amount_minor / power(10::numeric, currency_exponent(currency)), currency_exponent(currency))::text
$$;

CREATE FUNCTION public.month_of(p_at timestamp with time zone) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT date_trunc('month', p_at AT TIME ZONE 'UTC')::date
$$;

CREATE FUNCTION public.move_claim(p_booking uuid, p_during tstzrange) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_old claims;
BEGIN
  SELECT * INTO v_old FROM claims c WHERE c.booking_id = p_booking AND c.active;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(v_old.resource_no);
  PERFORM free_expired_claims(v_old.resource_no);
  BEGIN
    UPDATE claims c SET during = p_during, updated_at = now() WHERE c.id = v_old.id AND c.active;
    IF NOT FOUND THEN
      RETURN false;
    END IF;
  EXCEPTION WHEN exclusion_violation THEN
    RETURN false;
  END;
  PERFORM refresh_around(v_old.resource_no, v_old.during);
  PERFORM refresh_around(v_old.resource_no, p_during);
  RETURN true;
END $$;

CREATE FUNCTION public.move_cursor(p_provider text, p_until timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  INSERT INTO provider_cursors AS c (provider, polled_until) VALUES (p_provider, p_until)
  ON CONFLICT (provider) DO UPDATE SET polled_until = greatest(c.polled_until, excluded.polled_until), updated_at = now()
$$;

CREATE FUNCTION public.move_invoice_refunded(p_invoice uuid, p_change bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT note_invoice(p_invoice, 'refunded', jsonb_build_object('amount_minor', p_change))
$$;

CREATE FUNCTION public.move_place(b public.bookings, p_session uuid, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE target sessions; other bookings;
BEGIN
  SELECT s.* INTO target FROM sessions s JOIN services v ON v.id = s.service_id
   WHERE s.id = p_session AND s.starts_at >= p_now + make_interval(mins => v.min_notice_minutes);
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  FOR other IN SELECT * FROM bookings WHERE session_id = target.id AND status = 'pending' AND parent_id IS NULL
                  AND hold_expires_at <= now() AND id <> b.id ORDER BY id FOR UPDATE LOOP
    PERFORM replace_hold(other);
  END LOOP;
  IF target.id <> b.session_id THEN
    IF NOT add_places(ARRAY[target.id], b.places) THEN
      RETURN false;
    END IF;
    UPDATE sessions SET places_taken = places_taken - b.places, updated_at = now() WHERE id = b.session_id;
  END IF;
  UPDATE bookings SET session_id = target.id, starts_at = target.starts_at, ends_at = target.ends_at,
                      reschedule_count = reschedule_count + 1, updated_at = now() WHERE id = b.id;
  RETURN true;
END $$;

CREATE FUNCTION public.move_record(p_payment uuid, p_to text, p_reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE v_refund uuid := new_id(); v_left bigint;
BEGIN
  IF p_to = 'refunded' THEN
    SELECT amount_minor - refunded_minor - refund_pending_minor INTO v_left FROM payments WHERE id = p_payment;
    PERFORM record_external_refund(v_refund, p_payment, v_left, NULL);
    PERFORM record_refund(v_refund, true, NULL, NULL, jsonb_build_object('reason', p_reason, 'by', asking_user()));
  ELSE
    PERFORM record_payment_status(p_payment, p_to, p_reason, NULL, NULL, NULL, NULL, asking_user());
  END IF;
END $$;

CREATE FUNCTION public.move_refunded(p_purpose text, p_purpose_id uuid, p_change bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF p_purpose LIKE 'booking\_%' THEN
    UPDATE bookings SET refunded_minor = refunded_minor + p_change, updated_at = now() WHERE id = p_purpose_id;
  ELSIF p_purpose = 'invoice' THEN
    PERFORM move_invoice_refunded(p_purpose_id, p_change);
  END IF;
END $$;

CREATE FUNCTION public.move_time(b public.bookings, p_starts timestamp with time zone, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE s record; ends timestamptz; wanted tstzrange; other bookings;
BEGIN
  SELECT x.duration_minutes, x.buffer_before_minutes AS before, x.buffer_after_minutes AS after INTO s
    FROM services x WHERE x.id = b.service_id;
  ends := p_starts + make_interval(mins => s.duration_minutes);
  wanted := claim_buffered(p_starts, ends, s.before, s.after);
  FOR other IN
    SELECT x.* FROM claims own
      JOIN claims c ON int8range(c.resource_no, c.resource_no, '[]') && int8range(own.resource_no, own.resource_no, '[]')
       AND c.during && wanted AND c.active AND c.kind = 'hold' AND c.expires_at <= now()
      JOIN bookings x ON x.id = c.booking_id AND x.status = 'pending' AND x.hold_expires_at <= now()
     WHERE own.booking_id = b.id FOR UPDATE OF x
  LOOP
    PERFORM replace_hold(other);
  END LOOP;
  IF NOT is_free_start(b.service_id, p_starts, p_now, b.id) OR NOT move_claim(b.id, wanted) THEN
    RETURN false;
  END IF;
  UPDATE bookings SET starts_at = p_starts, ends_at = ends, buffer_before_minutes = s.before,
                      buffer_after_minutes = s.after, reschedule_count = reschedule_count + 1, updated_at = now()
   WHERE id = b.id;
  RETURN true;
END $$;

CREATE FUNCTION public.new_id() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
              PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

CREATE FUNCTION public.nobodys_email(p_issuer text, p_subject text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT encode(substring(sha256(convert_to(p_issuer || ' ' || p_subject, 'UTF8')) FOR 16), 'hex') || '@external.invalid'
$$;

CREATE FUNCTION public.note_approved(p_payment uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  IF p.status = 'processing' AND p.authorized_minor IS NULL
     AND NOT EXISTS (SELECT FROM payment_records r WHERE r.payment_id = p_payment) AND NOT EXISTS (
       SELECT FROM provider_operations o WHERE o.payment_id = p_payment
          AND o.kind IN ('authorize', 'cancel') AND o.status IN ('planned', 'called', 'unknown')) THEN
    PERFORM plan_operation(new_id(), p.provider, 'authorize', p_payment);
  END IF;
END $$;

CREATE FUNCTION public.note_capturable(p_payment uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payments;
BEGIN
  IF EXISTS (SELECT FROM payment_records r WHERE r.payment_id = p_payment) THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  IF p.status = 'canceled' AND p.capture_method = 'manual' THEN
    PERFORM release_reserved(p);
  ELSIF p.status <> 'processing' THEN
    RETURN;
  ELSIF p.capture_method = 'manual' THEN
    UPDATE payments SET authorized_minor = amount_minor WHERE id = p_payment AND authorized_minor IS NULL;
  ELSIF NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p_payment
                       AND (o.kind = 'capture' AND o.status IN ('planned', 'called', 'unknown')
                            OR o.kind = 'cancel' AND o.status <> 'abandoned')) THEN
    PERFORM plan_capture(new_id(), p_payment, NULL);
  END IF;
END $$;

CREATE FUNCTION public.note_invoice(p_invoice uuid, p_kind text, p_details jsonb DEFAULT '{}'::jsonb, p_by uuid DEFAULT NULL::uuid) RETURNS void
    LANGUAGE sql
    AS $$
  INSERT INTO invoice_events (invoice_id, kind, details, changed_by)
  VALUES (p_invoice, p_kind, p_details, coalesce(p_by, asking_user()))
$$;

CREATE FUNCTION public.note_payment(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_ref text, p_terms jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE payer uuid := p_payer;
BEGIN
  IF NOT asking_admin() AND (p_payer IS NULL OR p_payer IS DISTINCT FROM asking_user()) THEN
    PERFORM refuse('forbidden', 'Only administrators and owners record payments of somebody else.');
  ELSIF NOT asking_admin() AND p_purpose LIKE 'booking\_%' AND NOT EXISTS (
          SELECT FROM bookings WHERE id = p_purpose_id AND client_id = p_payer) THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF EXISTS (SELECT FROM payments WHERE id = p_payment) THEN
    RETURN;
  ELSIF find_payment(p_provider, NULL, ARRAY[p_ref]) IS NOT NULL THEN  -- by whatever name we know it
    PERFORM refuse('payment_id_taken');
  ELSIF p_purpose <> 'free_amount' THEN
    payer := coalesce(check_owed(p_purpose, p_purpose_id, p_amount, p_currency), p_payer);
  END IF;
  INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, provider, provider_ref)
  VALUES (p_payment, p_purpose, p_purpose_id, payer, p_amount, p_currency, p_provider, p_ref);
  PERFORM describe_payment(p_payment, p_terms);
  INSERT INTO payment_audit (payment_id, new_status, change_reason, changed_by)
  VALUES (p_payment, 'pending', 'recorded', asking_user());
EXCEPTION WHEN unique_violation THEN
  PERFORM refuse('payment_id_taken', 'A payment with this provider''s id has been recorded already.');
END $$;

CREATE FUNCTION public.note_practitioner_words() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.specialization_keys := ARRAY(SELECT DISTINCT lower(name) FROM unnest(NEW.specializations) name);
  NEW.search_words := to_tsvector('simple', concat_ws(' ', NEW.display_name,
                                                     array_to_string(NEW.specializations, ' '), NEW.bio));
  RETURN NEW;
END $$;

CREATE FUNCTION public.note_refund_reference(p_refund uuid, p_provider_ref text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE refunds SET provider_ref = p_provider_ref, updated_at = now() WHERE id = p_refund AND provider_ref IS NULL
$$;

CREATE FUNCTION public.note_service_words() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.list_price := whole_units(NEW.price_minor, NEW.currency);
  NEW.search_words := to_tsvector('simple', concat_ws(' ', NEW.title, NEW.description));
  RETURN NEW;
END $$;

CREATE FUNCTION public.note_state(p_booking uuid, p_state integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE bookings SET state_no = p_state WHERE id = p_booking AND (client_id = asking_user() OR asking_admin())
$$;

CREATE FUNCTION public.number_invoice(p_invoice uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql
    AS $$
DECLARE i invoices; next_no bigint;
BEGIN
  SELECT * INTO i FROM invoices WHERE id = p_invoice FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such invoice.');
  ELSIF i.status <> 'draft' THEN
    RETURN i.number;
  END IF;
  INSERT INTO invoice_series AS s (series, last_no) VALUES (p_series, 1)
  ON CONFLICT (series) DO UPDATE SET last_no = s.last_no + 1 RETURNING last_no INTO next_no;
  UPDATE invoices SET status = 'open', series = p_series, no = next_no, issued_at = p_now, due_at = p_due_at,
                      number = p_series || '-' || lpad(next_no::text, greatest(5, length(next_no::text)), '0'),
                      updated_at = now()
   WHERE id = p_invoice RETURNING * INTO i;
  PERFORM note_invoice(p_invoice, 'issued', jsonb_build_object('number', i.number));
  RETURN i.number;
END $$;

CREATE FUNCTION public.on_piece(p_at timestamp with time zone) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT date_bin(interval '5 minutes', p_at, timestamptz '2000-01-01 00:00Z') = p_at
$$;

CREATE FUNCTION public.ones(p_count integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT format('B%L', repeat('1', p_count))
$$;

CREATE FUNCTION public.only_currency(p_practitioner uuid) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE currencies text[];
BEGIN
  SELECT array_agg(a.currency) INTO currencies FROM ledger_accounts a JOIN ledger_balances b ON b.account_no = a.no
   WHERE a.code = 'earnings_available:' || p_practitioner AND b.balance_minor < 0;
  IF cardinality(currencies) > 1 THEN
    PERFORM refuse('currency_required');
  ELSIF currencies IS NULL THEN
    PERFORM refuse('insufficient_balance', 'Nothing is available to be paid out.');
  END IF;
  RETURN currencies[1];
END $$;

CREATE FUNCTION public.open_accounts(p_codes text[], p_currency text) RETURNS void
    LANGUAGE sql
    AS $$
  INSERT INTO ledger_accounts (code, currency, kind, owner_id, guarded, shards)
  SELECT code, p_currency, terms.kind, terms.owner_id, terms.guarded, terms.shards
    FROM (SELECT DISTINCT unnest(p_codes) AS code) AS named, account_terms(code) AS terms
   ORDER BY code
  ON CONFLICT (code, currency) DO NOTHING
$$;

CREATE FUNCTION public.open_by_hand(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_method text, p_terms jsonb, p_by uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, provider, provider_ref, payment_method)
  VALUES (p_payment, p_purpose, p_purpose_id, p_payer, p_amount, p_currency, 'manual', p_payment::text, p_method);
  PERFORM describe_payment(p_payment, p_terms);
  INSERT INTO payment_audit (payment_id, new_status, change_reason, changed_by)
  VALUES (p_payment, 'pending', 'recorded_by_hand', p_by);
END $$;

CREATE FUNCTION public.open_for_asking(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_terms jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE asking uuid := asking_user();
BEGIN
  IF NOT asking_admin() THEN
    IF p_payer IS DISTINCT FROM asking THEN
      PERFORM refuse('forbidden', 'You pay for yourself.');
    ELSIF p_purpose LIKE 'booking\_%' AND NOT EXISTS (
            SELECT FROM bookings WHERE id = p_purpose_id AND client_id = asking) THEN
      PERFORM refuse('not_found', 'There is no such booking.');
    ELSIF p_purpose = 'invoice' AND NOT EXISTS (SELECT FROM invoices WHERE id = p_purpose_id AND customer_id = asking) THEN
      PERFORM refuse('not_found', 'There is no such invoice.');
    ELSIF asking IS NULL AND p_purpose <> 'free_amount' THEN
      PERFORM refuse('not_found');
    ELSIF EXISTS (SELECT FROM payments WHERE id = p_payment AND payer_id IS DISTINCT FROM asking) THEN
      PERFORM refuse('not_found');
    END IF;
  END IF;
  PERFORM open_for_purpose(p_payment, p_operation, p_purpose, p_purpose_id, p_payer, p_amount, p_currency, p_provider,
                           p_terms);
END $$;

CREATE FUNCTION public.open_for_purpose(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_terms jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE payer uuid := p_payer;
BEGIN
  PERFORM lock_new_payment(p_payment);
  IF EXISTS (SELECT FROM payments WHERE id = p_payment) THEN
    RETURN;
  END IF;
  IF NOT is_sold_at_once(p_purpose) THEN
    payer := coalesce(check_owed(p_purpose, p_purpose_id, p_amount, p_currency), p_payer);
    PERFORM make_room(p_purpose, p_purpose_id, p_amount);
  END IF;
  PERFORM open_payment(p_payment, p_operation, p_purpose, p_purpose_id, payer, p_amount, p_currency, p_provider);
  PERFORM describe_payment(p_payment, p_terms);
  IF p_purpose LIKE 'booking\_%' THEN  -- What holds a time waits no longer than the hold does.
    UPDATE payments p SET expires_at = least(p.expires_at, b.hold_expires_at) FROM bookings b
     WHERE p.id = p_payment AND p.expires_at IS NOT NULL AND b.id = p_purpose_id AND b.status = 'pending';
  END IF;
  PERFORM foresee_tax(p_payment);
END $$;

CREATE FUNCTION public.open_of_invoice(i public.invoices) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT CASE
    WHEN i.status NOT IN ('open', 'uncollectible') THEN 0
    WHEN i.booking_id IS NULL THEN i.gross_minor - i.paid_minor
    ELSE (SELECT CASE WHEN b.status = 'cancelled' OR b.status = 'pending' AND b.hold_expires_at <= now() THEN 0
                 ELSE greatest(0, least(i.gross_minor - i.paid_minor, b.total_minor - b.paid_minor + b.refunded_minor)) END
            FROM bookings b WHERE b.id = i.booking_id) END
$$;

CREATE FUNCTION public.open_payment(p_id uuid, p_operation_id uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, provider)
  VALUES (p_id, p_purpose, p_purpose_id, p_payer, p_amount, p_currency, p_provider);
  INSERT INTO payment_audit (payment_id, new_status, change_reason, changed_by)
  VALUES (p_id, 'pending', 'opened', p_payer);
  PERFORM plan_operation(p_operation_id, p_provider, 'create', p_id);
END $$;

CREATE FUNCTION public.open_period(p_payment uuid, p_subscription uuid, p_period jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, provider, provider_ref, payer_email,
                        description)
  SELECT p_payment, 'subscription', s.id, s.user_id, (p_period ->> 'amount_minor')::bigint, p_period ->> 'currency',
         s.provider, p_period ->> 'reference', coalesce(p_period ->> 'payer_email', s.email), p_period ->> 'description'
    FROM subscriptions s WHERE s.id = p_subscription;
  INSERT INTO payment_audit (payment_id, new_status, change_reason) VALUES (p_payment, 'pending', 'period_billed');
END $$;

CREATE FUNCTION public.ordering(p_order text[], p_known jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
  v_name text;
  v_terms text[] := '{}';
BEGIN
  FOREACH v_name IN ARRAY p_order || CASE WHEN left(p_order[cardinality(p_order)], 1) = '-' THEN '-id' ELSE 'id' END LOOP
    IF NOT p_known ? ltrim(v_name, '-') OR v_name LIKE '--%' THEN
      PERFORM refuse('invalid_ordering');
    END IF;
    v_terms := v_terms || ((p_known ->> ltrim(v_name, '-')) || CASE WHEN v_name LIKE '-%' THEN ' DESC' ELSE '' END);
  END LOOP;
  RETURN array_to_string(v_terms, ', ');
END $$;

CREATE FUNCTION public.over_midnight(p_first date, p_last date, p_begin integer, p_end integer, p_run integer, p_decided text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $_$
  SELECT format(
    'f.day < %1$L AND get_bit(f.bits, 287) = 1 AND EXISTS (
       SELECT FROM free_days g WHERE g.resource_no = f.resource_no AND g.day = f.day + 1
         AND position(%2$s IN substring(f.bits FROM CASE f.day WHEN %3$L THEN %4$s ELSE %5$s END)
                              || substring(g.bits FOR CASE g.day WHEN %1$L THEN %6$s ELSE %7$s END)) > 0
         AND %8$s)',
    p_last, ones(p_run), p_first, greatest(p_begin + 1, 290 - p_run), 290 - p_run,
    least(p_end, p_run - 1), p_run - 1, p_decided)
$_$;

CREATE FUNCTION public.own_tax_bps() RETURNS integer
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce((SELECT bps FROM tax_rates WHERE applies), 0)
$$;

CREATE FUNCTION public.paid_out(p_practitioner uuid, p_currency text) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce(sum(amount_minor - returned_minor), 0)::bigint FROM payouts
   WHERE practitioner_id = p_practitioner AND currency = p_currency AND status = 'paid'
$$;

CREATE FUNCTION public.payment_move(p_from text, p_to text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE
    WHEN p_from = p_to THEN 'repeated'
    -- Refunds and disputes come after success, so success has been told.
    WHEN p_to = 'succeeded' AND p_from IN ('partially_refunded', 'refunded', 'disputed', 'charged_back') THEN 'repeated'
    WHEN EXISTS (SELECT FROM payment_moves() m
                  WHERE m.from_status = p_from AND m.to_status = p_to AND m.mover = 'provider') THEN 'moved'
    ELSE 'impossible' END
$$;

CREATE FUNCTION public.payment_moves() RETURNS TABLE(from_status text, to_status text, mover text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  VALUES
    ('pending', 'requires_action', 'provider'), ('pending', 'processing', 'provider'),
    ('pending', 'succeeded', 'provider'), ('pending', 'failed', 'provider'), ('pending', 'canceled', 'provider'),
    ('requires_action', 'pending', 'provider'), ('requires_action', 'processing', 'provider'),
    ('requires_action', 'succeeded', 'provider'), ('requires_action', 'failed', 'provider'),
    ('requires_action', 'canceled', 'provider'),
    ('processing', 'requires_action', 'provider'), ('processing', 'succeeded', 'provider'),
    ('processing', 'failed', 'provider'), ('processing', 'canceled', 'provider'),
    -- Declined, then tried again with another method.
    ('failed', 'pending', 'provider'), ('failed', 'requires_action', 'provider'), ('failed', 'processing', 'provider'),
    ('failed', 'succeeded', 'provider'), ('failed', 'canceled', 'provider'),
    ('canceled', 'succeeded', 'provider'),
    ('succeeded', 'partially_refunded', 'refund'), ('succeeded', 'refunded', 'refund'),
    ('partially_refunded', 'refunded', 'refund'), ('partially_refunded', 'succeeded', 'refund'),
    ('refunded', 'partially_refunded', 'refund'), ('refunded', 'succeeded', 'refund'),
    ('succeeded', 'disputed', 'dispute'), ('partially_refunded', 'disputed', 'dispute'),
    ('disputed', 'succeeded', 'dispute'), ('disputed', 'partially_refunded', 'dispute'),
    ('disputed', 'refunded', 'dispute'), ('disputed', 'charged_back', 'dispute'),
    -- All of it was being refunded while the dispute was lost, and the refund failed.
    ('succeeded', 'charged_back', 'dispute'), ('partially_refunded', 'charged_back', 'dispute'),
    -- A check that bounced.
    ('succeeded', 'failed', 'manual')
$$;

CREATE FUNCTION public.payment_of_period(p_provider text, p_subscription uuid, p_period jsonb) RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE found uuid;
BEGIN
  found := find_payment(p_provider, NULL, ARRAY[p_period #>> '{data,ids,payment_intent}', p_period ->> 'reference']);
  IF found IS NULL THEN
    SELECT p.id INTO found FROM payments p
     WHERE p.provider = p_provider AND p.purpose = 'subscription' AND p.purpose_id = p_subscription
       AND (p.provider_ids @> jsonb_build_object('invoice', p_period ->> 'reference')
            OR (p_period ->> 'is_first')::boolean AND p.mode = 'subscription' AND NOT p.provider_ids ? 'invoice');
  END IF;
  RETURN found;
END $$;

CREATE FUNCTION public.payment_record_exists(p_no bigint, p_gateway_payment_id text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT EXISTS (SELECT FROM payments p JOIN payment_records r ON r.payment_id = p.id WHERE p.no = p_no)
      OR EXISTS (SELECT FROM payment_records r WHERE r.gateway_payment_id = p_gateway_payment_id)
$$;

CREATE FUNCTION public.payment_standing(p public.payments) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT CASE
    WHEN p.status = 'charged_back' THEN 'charged_back'
    WHEN EXISTS (SELECT FROM disputes d WHERE d.payment_id = p.id AND d.status = 'lost' AND d.held_minor > 0)
      THEN 'charged_back'
    WHEN EXISTS (SELECT FROM disputes d WHERE d.payment_id = p.id AND d.closed_at IS NULL AND d.held_minor > 0)
      THEN 'disputed'
    WHEN p.refunded_minor = p.amount_minor THEN 'refunded'
    WHEN p.refunded_minor > 0 THEN 'partially_refunded'
    ELSE 'succeeded' END
$$;

CREATE FUNCTION public.payment_type(p_purpose text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE p_purpose WHEN 'booking_deposit' THEN 'deposit' WHEN 'booking_balance' THEN 'balance'
    WHEN 'booking_add_on' THEN 'addon' WHEN 'booking_full' THEN 'full' WHEN 'free_amount' THEN 'free' ELSE p_purpose END
$$;

CREATE FUNCTION public.payout_source(p public.payouts) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT CASE p.method WHEN 'manual' THEN 'bank' ELSE 'clearing:' || p.provider END
$$;

CREATE FUNCTION public.payout_week_is_due(p_week date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM payout_weeks) THEN
    INSERT INTO payout_weeks (week) VALUES (p_week) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NOT EXISTS (SELECT FROM payout_weeks WHERE week >= p_week);
END $$;

CREATE FUNCTION public.pieces(p_first integer, p_end integer) RETURNS bit
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT (~B'0'::bit(288) >> least(288, greatest(0, p_first))) & (~B'0'::bit(288) << least(288, greatest(0, 288 - p_end)))
$$;

CREATE FUNCTION public.pieces_into(p_day date, p_at timestamp with time zone) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT extract(epoch FROM p_at - (p_day::timestamp AT TIME ZONE 'UTC'))::double precision / 300
$$;

CREATE FUNCTION public.plan_cancel(p_operation uuid, p_payment uuid, p_reason text DEFAULT 'canceled'::text, p_by uuid DEFAULT NULL::uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND OR p.status NOT IN ('pending', 'requires_action', 'processing', 'failed') THEN
    RETURN 'closed';
  END IF;
  UPDATE provider_operations SET status = 'abandoned', updated_at = now()
   WHERE payment_id = p_payment AND status = 'planned' AND attempts = 0 AND kind IN ('create', 'confirm', 'authorize', 'capture');
  -- What was recorded by hand goes by our own id: nobody else knows of it.
  IF coalesce(p.provider_ref, p.id::text) = p.id::text AND NOT EXISTS (SELECT FROM provider_operations o
       WHERE o.payment_id = p_payment AND o.status IN ('planned', 'called', 'unknown', 'answered')) THEN
    PERFORM record_payment_status(p_payment, 'canceled', p_reason, NULL, NULL, NULL, NULL, p_by);
    RETURN 'canceled';
  END IF;
  IF NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p_payment AND o.kind = 'cancel'
                    AND o.status IN ('planned', 'called', 'unknown')) THEN
    PERFORM plan_operation(p_operation, p.provider, 'cancel', p_payment, NULL, jsonb_build_object('reason', p_reason));
  END IF;
  RETURN 'planned';
END $$;

CREATE FUNCTION public.plan_capture(p_operation uuid, p_payment uuid, p_amount bigint) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; running record; wanted bigint;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  wanted := coalesce(p_amount, p.authorized_minor, p.amount_minor);
  IF p.capture_method = 'automatic' AND p.succeeded_at IS NOT NULL THEN
    RETURN NULL;
  END IF;
  PERFORM check_capturable(p, wanted);
  SELECT o.id, (o.request ->> 'amount_minor')::bigint AS amount INTO running FROM provider_operations o
   WHERE o.payment_id = p_payment AND o.kind = 'capture' AND o.status IN ('planned', 'called', 'unknown');
  IF FOUND AND running.amount = wanted THEN
    RETURN running.id;
  ELSIF FOUND THEN
    PERFORM refuse('invalid_state', 'This payment is being collected at this moment.');
  END IF;
  PERFORM plan_operation(p_operation, p.provider, 'capture', p_payment, NULL, jsonb_build_object('amount_minor', wanted));
  RETURN p_operation;
END $$;

CREATE FUNCTION public.plan_confirm(p_operation uuid, p_payment uuid, p_method text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; running uuid;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  SELECT id INTO running FROM provider_operations
   WHERE payment_id = p_payment AND kind = 'confirm' AND status IN ('planned', 'called', 'unknown');
  IF FOUND THEN
    RETURN running;
  END IF;
  IF p.status NOT IN ('pending', 'requires_action', 'failed') OR EXISTS (
       SELECT FROM provider_operations o WHERE o.payment_id = p_payment AND o.kind = 'cancel' AND o.status <> 'abandoned') THEN
    PERFORM refuse('invalid_state', format('This payment is %s: it cannot be paid.', p.status));
  END IF;
  INSERT INTO provider_operations (id, provider, kind, payment_id, request)
  VALUES (p_operation, p.provider, 'confirm', p_payment, jsonb_build_object('payment_method', p_method));
  RETURN p_operation;
END $$;

CREATE FUNCTION public.plan_operation(p_operation_id uuid, p_provider text, p_kind text, p_payment uuid, p_refund uuid DEFAULT NULL::uuid, p_request jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO provider_operations (id, provider, kind, payment_id, refund_id, request)
  VALUES (p_operation_id, p_provider, p_kind, p_payment, p_refund, p_request);
  PERFORM enqueue_job('carry_out', jsonb_build_object('operation_id', p_operation_id), 'operation:' || p_operation_id);
END $$;

CREATE FUNCTION public.plan_payout_call(p_operation uuid, p_provider text, p_kind text, p_payout uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO provider_operations (id, provider, kind, payout_id) VALUES (p_operation, p_provider, p_kind, p_payout);
  PERFORM enqueue_job('carry_out', jsonb_build_object('operation_id', p_operation), 'operation:' || p_operation);
END $$;

CREATE FUNCTION public.plan_refund(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_by uuid DEFAULT NULL::uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  PERFORM check_refundable(p, p_amount);
  INSERT INTO refunds (id, payment_id, amount_minor, currency, reason, requested_by)
  VALUES (p_refund, p_payment, p_amount, p.currency, p_reason, p_by);
  UPDATE payments SET refund_pending_minor = refund_pending_minor + p_amount, updated_at = now() WHERE id = p_payment;
  PERFORM post_refund(p_refund, p, p_amount);
  PERFORM plan_operation(p_operation, p.provider, 'refund', p_payment, p_refund);
END $$;

CREATE FUNCTION public.post(p_id uuid, p_kind text, p_reference_type text, p_reference_id uuid, p_cause text, p_currency text, p_accounts text[], p_amounts bigint[], p_reverses uuid DEFAULT NULL::uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  codes text[]; amounts bigint[]; numbers bigint[]; shards smallint[];
  singles boolean[]; guards boolean[]; total numeric;
BEGIN
  SELECT array_agg(code ORDER BY first_at), array_agg(amount ORDER BY first_at), sum(amount)
    INTO codes, amounts, total
    FROM (SELECT code, sum(amount)::bigint AS amount, min(at) AS first_at
            FROM unnest(p_accounts, p_amounts) WITH ORDINALITY AS line (code, amount, at)
           GROUP BY code HAVING sum(amount) <> 0) AS line;
  IF total IS DISTINCT FROM 0 OR cardinality(codes) < 2 THEN
    PERFORM refuse('unbalanced_transaction', 'A transaction has two or more entries that sum to zero.');
  END IF;

  INSERT INTO ledger_transactions (id, kind, reference_type, reference_id, cause, currency, reverses_id, seal, posted_at)
  VALUES (p_id, p_kind, p_reference_type, p_reference_id, p_cause, p_currency, p_reverses,
          ledger_seal(p_id, p_kind, p_reference_type, p_reference_id, p_cause, p_currency, p_reverses, now(),
                      codes, amounts), now())
  ON CONFLICT (cause) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;

  FOR attempt IN 1..2 LOOP
    SELECT array_agg(a.no ORDER BY line.at), array_agg((pg_backend_pid() % a.shards)::smallint ORDER BY line.at),
           array_agg(a.shards = 1 ORDER BY line.at), array_agg(a.guarded ORDER BY line.at)
      INTO numbers, shards, singles, guards
      FROM unnest(codes) WITH ORDINALITY AS line (code, at)
      JOIN ledger_accounts a ON a.code = line.code AND a.currency = p_currency;
    EXIT WHEN cardinality(numbers) = cardinality(codes);
    PERFORM open_accounts(codes, p_currency);
  END LOOP;

  WITH changed AS (
    INSERT INTO ledger_balances AS b (account_no, shard, balance_minor)
    SELECT no, shard, amount FROM unnest(numbers, shards, amounts) AS line (no, shard, amount) ORDER BY no, shard
    ON CONFLICT (account_no, shard) DO UPDATE SET balance_minor = b.balance_minor + excluded.balance_minor
    RETURNING b.account_no, b.balance_minor
  ), lines AS MATERIALIZED (
    SELECT line.*, changed.balance_minor
      FROM unnest(numbers, amounts, singles, guards) WITH ORDINALITY AS line (no, amount, single, guarded, at)
      JOIN changed ON changed.account_no = line.no
  ), written AS (
    INSERT INTO ledger_entries (transaction_id, line, account_no, amount_minor, balance_after_minor)
    SELECT p_id, at, no, amount, CASE WHEN single THEN balance_minor END FROM lines
  )
  SELECT count(*) INTO total FROM lines WHERE guarded AND balance_minor > 0;
  IF total > 0 THEN
    PERFORM refuse('insufficient_balance', 'The balance does not suffice.');
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION public.post_fee(p_payment uuid, p_fee bigint, p_currency text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payments;
BEGIN
  UPDATE payments SET fee_minor = p_fee, fee_currency = coalesce(p_currency, currency), updated_at = now()
   WHERE id = p_payment AND fee_minor IS NULL AND succeeded_at IS NOT NULL RETURNING * INTO p;
  IF FOUND AND p_fee <> 0 THEN
    PERFORM post(new_id(), 'provider_fee', 'payment', p_payment, 'fee:' || p_payment, p.fee_currency,
                 ARRAY['provider_fees', 'clearing:' || p.provider], ARRAY[p_fee, -p_fee]);
  END IF;
END $$;

CREATE FUNCTION public.post_further_fees(p_type text, p_id uuid, p_provider text, p_fees jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM post(new_id(), p_type || '_fee', p_type, p_id, format('%s_fee:%s:%s', p_type, p_provider, f.reference), f.currency,
               ARRAY['provider_fees', 'clearing:' || p_provider], ARRAY[f.amount_minor, -f.amount_minor])
     FROM jsonb_to_recordset(p_fees) AS f (reference text, amount_minor bigint, currency text)
    WHERE f.amount_minor <> 0;
END $$;

CREATE FUNCTION public.post_refund(p_refund uuid, p public.payments, p_amount bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM reverse_earning(p.id, 'refund', 'refund', p_refund, 'refund:' || p_refund, p_amount, p.currency,
                          held_account(p), 'clearing:' || p.provider);
  IF p.tax_minor > 0 THEN
    UPDATE refunds SET tax_minor = taxed_by('refund:' || p_refund) WHERE id = p_refund;
  END IF;
END $$;

CREATE FUNCTION public.post_tax(p_payment uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM record_receipt(p.id, 'payment', p.id, p.amount_minor, p.tax_minor, p.currency, 'sales')
     FROM payments p
    WHERE p.id = p_payment AND is_sold_at_once(p.purpose) AND p.succeeded_at IS NOT NULL AND p.tax_minor > 0
      AND p.refunded_minor = 0 AND p.refund_pending_minor = 0;
END $$;

CREATE FUNCTION public.postpone_event(p_event uuid, p_outcome text, p_wait interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE webhook_events SET outcome = p_outcome, next_at = now() + p_wait, updated_at = now() WHERE id = p_event AND status = 'received'
$$;

CREATE FUNCTION public.practitioner_private(p_practitioner uuid) RETURNS TABLE(stripe_account_id text, commission_bps integer, verification_reason text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT p.stripe_account_id, p.commission_bps, p.verification_reason FROM practitioners p
   WHERE p.id = p_practitioner AND (p.user_id = asking_user() OR asking_admin())
$$;

CREATE FUNCTION public.preview_cancel(p_booking uuid, p_by uuid, p_now timestamp with time zone, OUT refund_minor bigint, OUT fee_minor bigint, OUT currency text) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings; side text;
BEGIN
  SELECT top.* INTO b FROM bookings x JOIN bookings top ON top.id = coalesce(x.parent_id, x.id) WHERE x.id = p_booking;
  side := check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  PERFORM check_cancellable(b, side, p_now);
  SELECT t.refund_minor, t.fee_minor, b.currency INTO refund_minor, fee_minor, currency
    FROM cancel_terms(b, side, p_now) AS t;
END $$;

CREATE FUNCTION public.price_booking(p_booking uuid, p_total bigint, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE b bookings := lock_booking(p_booking);
BEGIN
  IF b.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such booking.');
  ELSIF b.status NOT IN ('pending', 'confirmed') THEN
    PERFORM refuse('invalid_state', format('The booking that this quote is for is %s.', b.status));
  END IF;
  PERFORM reprice_booking(b, p_total, asking_user(), p_now);
END $$;

CREATE FUNCTION public.price_participants(p_service uuid, p_has_options boolean, p_options text[], p_places integer, p_each bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE prices bigint[]; missing boolean; unknown text;
BEGIN
  IF NOT p_has_options THEN
    SELECT named INTO unknown FROM unnest(p_options) AS named WHERE named IS NOT NULL LIMIT 1;
    IF unknown IS NOT NULL THEN
      PERFORM refuse('unknown_option', 'This service has no price options.');
    END IF;
    RETURN array_fill(p_each, ARRAY[p_places]);
  END IF;
  SELECT array_agg(po.price_minor ORDER BY line.at), bool_or(line.named IS NULL),
         min(line.named) FILTER (WHERE po.id IS NULL)
    INTO prices, missing, unknown
    FROM unnest(coalesce(p_options, ARRAY[NULL::text])) WITH ORDINALITY AS line (named, at)
    LEFT JOIN price_options po ON po.service_id = p_service AND po.name = line.named;
  IF missing THEN
    PERFORM refuse('option_required', 'Each participant of this service chooses a price option.');
  ELSIF unknown IS NOT NULL THEN
    PERFORM refuse('unknown_option', 'This service has no such price option.');
  END IF;
  RETURN prices;
END $$;

CREATE FUNCTION public.priced_lines(p_lines jsonb) RETURNS TABLE("position" smallint, description text, quantity integer, unit_minor bigint, tax_bps integer, tax_inclusive boolean, net_minor bigint, tax_minor bigint, gross_minor bigint)
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
  IF jsonb_typeof(p_lines) <> 'array' OR jsonb_array_length(p_lines) NOT BETWEEN 1 AND 100 THEN
    PERFORM refuse('invalid_lines');
  END IF;
  RETURN QUERY
    SELECT at::smallint, said.description, said.quantity, said.unit_minor, said.tax_bps, said.tax_inclusive,
           parts.net_minor, parts.tax_minor, parts.gross_minor
      FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS line (said, at),
           LATERAL jsonb_to_record(line.said) AS said (description text, quantity integer, unit_minor bigint,
                                                       tax_bps integer, tax_inclusive boolean),
           LATERAL split_tax(said.quantity * said.unit_minor, said.tax_bps, said.tax_inclusive) AS parts;
END $$;

CREATE FUNCTION public.queue_mail(p_user uuid, p_recipient text, p_subject text, p_body text, p_cause text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_id uuid := new_id();
BEGIN
  IF p_recipient LIKE '%.invalid' THEN
    RETURN;
  END IF;
  INSERT INTO mails (id, user_id, recipient, subject, body_text, cause)
  VALUES (v_id, p_user, p_recipient, p_subject, p_body, p_cause)
  ON CONFLICT (cause) DO NOTHING;
  IF FOUND THEN
    PERFORM enqueue_job('send_mail', jsonb_build_object('mail_id', v_id), 'send_mail:' || v_id);
  END IF;
END $$;

CREATE FUNCTION public.rebuild_free_days(p_practitioner uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
  v_today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
  PERFORM pg_advisory_xact_lock(v_resource);
  DELETE FROM free_days f WHERE f.resource_no = v_resource AND f.day > summary_end(p_practitioner);
  PERFORM refresh_free_days(v_resource, v_today - 1, summary_end(p_practitioner));
END $$;

CREATE FUNCTION public.receive_by_hand(p_payment uuid, p_by uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  IF p.purpose NOT IN ('free_amount', 'credit') THEN
    PERFORM make_room(p.purpose, p.purpose_id, p.amount_minor, p_payment);
  END IF;
  PERFORM settle_payment(p_payment, 'succeeded', p.amount_minor, p.currency, NULL, NULL, NULL, 'received_by_hand',
                         jsonb_build_object('by', p_by), p_now);
END $$;

CREATE FUNCTION public.reclaim(p_booking uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_claim claims;
BEGIN
  SELECT * INTO v_claim FROM claims c WHERE c.booking_id = p_booking;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(v_claim.resource_no);
  IF confirm_claim(p_booking) THEN -- nobody had released it
    RETURN true;
  END IF;
  PERFORM free_expired_claims(v_claim.resource_no);
  BEGIN
    UPDATE claims c SET active = true, kind = 'booking', expires_at = NULL, updated_at = now() WHERE c.id = v_claim.id;
  EXCEPTION WHEN exclusion_violation THEN
    RETURN false;
  END;
  PERFORM refresh_around(v_claim.resource_no, v_claim.during);
  RETURN true;
END $$;

CREATE FUNCTION public.record_action(p_action text, p_subject_type text, p_subject uuid, p_details jsonb DEFAULT NULL::jsonb, p_actor uuid DEFAULT public.asking_user()) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  INSERT INTO audit_log (actor_id, action, subject_type, subject_id, details)
  VALUES (p_actor, p_action, p_subject_type, p_subject, p_details)
$$;

CREATE FUNCTION public.record_by_hand(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_method text, p_status text, p_excess text, p_terms jsonb, p_by uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE owing record; payer uuid := p_payer; over bigint := 0;
BEGIN
  PERFORM lock_new_payment(p_payment);
  IF EXISTS (SELECT FROM payments WHERE id = p_payment) THEN
    RETURN;
  ELSIF p_purpose <> 'free_amount' THEN
    SELECT * INTO owing FROM amount_owed(CASE WHEN p_purpose LIKE 'booking\_%' THEN 'booking_balance' ELSE p_purpose END,
                                         p_purpose_id);
    IF p_currency <> owing.currency THEN
      PERFORM refuse('amount_mismatch', format('This is paid in %s.', owing.currency));
    END IF;
    payer := coalesce(owing.payer, p_payer);
    over := greatest(0, p_amount - greatest(0, owing.owed_minor));
    IF over > 0 AND (p_excess <> 'credit' OR payer IS NULL OR over = p_amount) THEN
      PERFORM refuse('overpayment',
                     format('%s %s is owed.', money_text(greatest(0, owing.owed_minor), p_currency), p_currency));
    END IF;
  END IF;
  PERFORM open_by_hand(p_payment, p_purpose, p_purpose_id, payer, p_amount - over, p_currency, p_method, p_terms, p_by);
  IF p_status = 'completed' THEN
    PERFORM receive_by_hand(p_payment, p_by, p_now);
  END IF;
  IF over > 0 THEN
    PERFORM open_by_hand(excess_of(p_payment), 'credit', NULL, payer, over, p_currency, p_method,
                         p_terms || jsonb_build_object('metadata', jsonb_build_object('excess_of', p_payment)), p_by);
    IF p_status = 'completed' THEN
      PERFORM receive_by_hand(excess_of(p_payment), p_by, p_now);
    END IF;
  END IF;
END $$;

CREATE FUNCTION public.record_by_hand_for_asking(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_method text, p_status text, p_excess text, p_terms jsonb, p_by uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT asking_admin() THEN
    IF p_payer IS DISTINCT FROM asking_user() OR p_payer IS NULL OR p_status <> 'pending' THEN
      PERFORM refuse('forbidden', 'Money by hand is recorded by administrators.');
    ELSIF p_purpose LIKE 'booking\_%' AND NOT EXISTS (
            SELECT FROM bookings WHERE id = p_purpose_id AND client_id = p_payer)
       OR EXISTS (SELECT FROM payments WHERE id = p_payment AND payer_id IS DISTINCT FROM p_payer) THEN
      PERFORM refuse('not_found');
    ELSIF p_purpose = 'invoice' THEN
      PERFORM refuse('forbidden', 'Money by hand is recorded by administrators.');
    END IF;
  END IF;
  PERFORM record_by_hand(p_payment, p_purpose, p_purpose_id, p_payer, p_amount, p_currency, p_method, p_status, p_excess,
                         p_terms, asking_user(), p_now);
END $$;

CREATE FUNCTION public.record_dispute(p_dispute uuid, p_payment uuid, p_provider_ref text, p_amount bigint, p_status text, p_reason text DEFAULT ''::text, p_evidence_due timestamp with time zone DEFAULT NULL::timestamp with time zone, p_data jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; d disputes; exposure bigint; outcome text := 'repeated';
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF p.succeeded_at IS NULL THEN
    PERFORM refuse('invalid_state', format('A payment that is %s cannot be disputed.', p.status));
  END IF;
  SELECT * INTO d FROM disputes WHERE provider = p.provider AND provider_ref = p_provider_ref;
  IF NOT FOUND THEN
    exposure := least(p_amount, p.amount_minor - p.refunded_minor - p.refund_pending_minor - p.disputed_minor);
    INSERT INTO disputes (id, payment_id, provider, provider_ref, amount_minor, held_minor, currency, reason, evidence_due_at)
    VALUES (p_dispute, p_payment, p.provider, p_provider_ref, p_amount, exposure, p.currency, p_reason, p_evidence_due)
    RETURNING * INTO d;
    PERFORM hold_disputed(p, d, p_data);
    outcome := 'moved';
  END IF;
  UPDATE disputes SET reason = p_reason, updated_at = now() WHERE id = d.id AND reason = '' AND p_reason <> '';
  PERFORM post_further_fees('dispute', d.id, d.provider, p_data -> 'fees');
  IF d.closed_at IS NOT NULL THEN
    RETURN CASE WHEN d.status = p_status OR p_status NOT IN ('won', 'lost') THEN 'repeated' ELSE 'impossible' END;
  END IF;
  IF p_status IN ('won', 'lost') THEN
    PERFORM close_dispute(p, d, p_status, p_data);
    RETURN 'moved';
  END IF;
  IF p_status = 'under_review' AND d.status = 'opened' THEN
    UPDATE disputes SET status = 'under_review', updated_at = now() WHERE id = d.id;
    outcome := 'moved';
  END IF;
  RETURN outcome;
END $$;

CREATE FUNCTION public.record_earning(p_booking uuid, p_payment uuid, p_practitioner uuid, p_gross bigint, p_commission bigint, p_bps integer, p_currency text, p_is_house boolean DEFAULT false) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE commission bigint := CASE WHEN p_is_house THEN 0 ELSE p_commission END; net bigint;
BEGIN
  IF commission IS NULL THEN
    SELECT half_up((coalesce(sum(gross_minor), 0) + p_gross) * p_bps, 10000) - coalesce(sum(commission_minor), 0)
      INTO commission FROM earnings WHERE booking_id = p_booking;
  END IF;
  net := p_gross - commission;
  INSERT INTO earnings (id, practitioner_id, booking_id, payment_id, currency, gross_minor, commission_bps,
                        commission_minor, net_minor, is_sale)
  VALUES (new_id(), p_practitioner, p_booking, p_payment, p_currency, p_gross, p_bps, commission, net, p_is_house)
  ON CONFLICT (payment_id) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  RETURN post(new_id(), 'earning', 'booking', p_booking, 'earning:' || p_payment, p_currency,
              ARRAY['held:bookings', CASE WHEN p_is_house THEN 'sales' ELSE 'earnings_pending:' || p_practitioner END,
                    'commission'],
              ARRAY[p_gross, -net, -commission]);
END $$;

CREATE FUNCTION public.record_external_refund(p_refund uuid, p_payment uuid, p_amount bigint, p_provider_ref text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  ELSIF EXISTS (SELECT FROM refunds WHERE payment_id = p_payment AND provider_ref = p_provider_ref) THEN
    RETURN NULL;
  END IF;
  -- Told here by hand before the provider told it: the same refund, and now its id is known.
  UPDATE refunds SET provider_ref = p_provider_ref, updated_at = now()
   WHERE id = (SELECT id FROM refunds WHERE payment_id = p_payment AND origin = 'external' AND status = 'succeeded'
                  AND provider_ref IS NULL AND amount_minor = p_amount ORDER BY created_at LIMIT 1)
     AND p_provider_ref IS NOT NULL;
  IF FOUND THEN
    RETURN NULL;
  END IF;
  -- The provider gave away what refunds of ours under way have reserved: it will refuse one of these, and then there is room.
  IF p.refund_pending_minor > 0 AND p_amount > p.amount_minor - p.refunded_minor - p.refund_pending_minor THEN
    PERFORM refuse('not_refundable', 'Refunds of this payment are under way, and there is not enough for all of them.');
  END IF;
  -- Made before a dispute of the rest, and heard of after it.
  IF p.status <> 'disputed'
     OR p_amount > p.amount_minor - p.refunded_minor - p.refund_pending_minor - p.disputed_minor THEN
    PERFORM check_refundable(p, p_amount);
  END IF;
  INSERT INTO refunds (id, payment_id, amount_minor, currency, reason, provider_ref, origin)
  VALUES (p_refund, p_payment, p_amount, p.currency, 'external', p_provider_ref, 'external');
  UPDATE payments SET refund_pending_minor = refund_pending_minor + p_amount, updated_at = now() WHERE id = p_payment;
  PERFORM post_refund(p_refund, p, p_amount);
  RETURN p_refund;
END $$;

CREATE FUNCTION public.record_ids(p_record jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('checkout_session', p_record -> 'checkout_session_id',
    'payment_method', p_record -> 'payment_method_id', 'customer', p_record -> 'customer_id'))
$$;

CREATE FUNCTION public.record_may_move(p_from text, p_to text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT EXISTS (SELECT FROM payment_moves() m
                  WHERE m.from_status = p_from AND m.to_status = p_to
                    AND (m.mover = 'provider' AND m.from_status NOT IN ('failed', 'canceled')
                         OR m.to_status = 'refunded' AND m.mover = 'refund'))
$$;

CREATE FUNCTION public.record_of_asker(p_no bigint) RETURNS public.payments
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments;
BEGIN
  SELECT q.* INTO p FROM payments q JOIN payment_records r ON r.payment_id = q.id WHERE q.no = p_no FOR UPDATE OF q;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  ELSIF p.payer_id IS DISTINCT FROM asking_user() AND NOT asking_admin() THEN
    PERFORM refuse('forbidden', 'This payment is somebody else''s.');
  END IF;
  RETURN p;
END $$;

CREATE FUNCTION public.record_payee(p_provider text, p_provider_ref text, p_can_be_paid boolean, p_submitted boolean, p_missing text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  UPDATE payees SET can_be_paid = p_can_be_paid, details_submitted = p_submitted, missing = p_missing, updated_at = now()
   WHERE provider = p_provider AND provider_ref = p_provider_ref;
  RETURN FOUND;
END $$;

CREATE FUNCTION public.record_payment(p_payment uuid, p_amount bigint, p_currency text, p_provider text, p_status text, p_record jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE number bigint; broken text;
BEGIN
  IF asking_user() IS NULL THEN
    PERFORM refuse('forbidden');
  END IF;
  SELECT no INTO number FROM payments WHERE id = p_payment AND payer_id = asking_user();
  IF FOUND THEN
    RETURN number;
  END IF;
  IF find_payment(p_provider, NULL, ARRAY[p_record ->> 'gateway_payment_id']) IS NOT NULL THEN
    PERFORM refuse('payment_id_taken');
  END IF;
  BEGIN
    INSERT INTO payments (id, purpose, payer_id, amount_minor, currency, provider, provider_ref, provider_ids)
    VALUES (p_payment, 'free_amount', asking_user(), p_amount, p_currency, p_provider, p_record ->> 'gateway_payment_id',
            record_ids(p_record))
    RETURNING no INTO number;
    INSERT INTO payment_records
    SELECT r.* FROM jsonb_populate_record(NULL::payment_records,
      jsonb_build_object('payment_method_types', '[]'::jsonb, 'created_at', now(), 'updated_at', now())
      || jsonb_strip_nulls(p_record) || jsonb_build_object('payment_id', p_payment)) r;
  EXCEPTION WHEN unique_violation THEN
    GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
    PERFORM refuse(CASE broken WHEN 'uq_payment_records_checkout_session_id' THEN 'checkout_session_id_taken'
                   ELSE 'payment_id_taken' END);
  END;
  INSERT INTO payment_audit (payment_id, new_status, change_reason, changed_by)
  VALUES (p_payment, 'pending', 'recorded', asking_user());
  IF p_status = 'refunded' THEN
    PERFORM move_record(p_payment, 'succeeded', 'recorded');
  END IF;
  IF p_status <> 'pending' THEN
    PERFORM move_record(p_payment, p_status, 'recorded');
  END IF;
  RETURN number;
END $$;

CREATE FUNCTION public.record_payment_status(p_payment uuid, p_new text, p_reason text, p_provider_ref text DEFAULT NULL::text, p_method text DEFAULT NULL::text, p_failure text DEFAULT NULL::text, p_data jsonb DEFAULT NULL::jsonb, p_changed_by uuid DEFAULT NULL::uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; outcome text;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  outcome := payment_move(p.status, p_new);
  IF outcome <> 'moved' AND (p_provider_ref IS NULL OR p.provider_ref IS NOT NULL) THEN
    IF p_new = 'failed' AND p.status = 'failed' AND p_failure <> p.failure_code THEN  -- declined again, for another reason
      UPDATE payments SET failure_code = p_failure, payment_method = coalesce(p_method, payment_method), updated_at = now()
       WHERE id = p_payment;
    END IF;
    IF p_data ?| ARRAY['ids', 'expires_at', 'tax_minor'] THEN
      PERFORM learn_payment(p_payment, p_data);
      PERFORM post_tax(p_payment) WHERE p_data ? 'tax_minor';
    END IF;
    IF p_data ? 'fee_minor' THEN
      PERFORM post_fee(p_payment, (p_data ->> 'fee_minor')::bigint, p_data ->> 'fee_currency');
    END IF;
    RETURN outcome;
  END IF;
  UPDATE payments SET
    status = CASE WHEN outcome = 'moved' THEN p_new ELSE status END,
    provider_ref = coalesce(provider_ref, p_provider_ref),
    client_secret = coalesce(client_secret, p_data ->> 'client_secret'),
    checkout_url = coalesce(checkout_url, p_data ->> 'checkout_url'),
    provider_ids = coalesce(provider_ids || (p_data -> 'ids'), provider_ids),
    expires_at = coalesce((p_data ->> 'expires_at')::timestamptz, expires_at),
    tax_minor = coalesce((p_data ->> 'tax_minor')::bigint, tax_minor),
    payment_method = CASE WHEN outcome = 'moved' THEN coalesce(p_method, payment_method) ELSE payment_method END,
    -- What was declined, and is then given up or goes back to its payer, keeps why.
    failure_code = CASE WHEN outcome <> 'moved' OR p_new = 'canceled' THEN failure_code
                        WHEN p_new IN ('failed', 'requires_action') THEN p_failure END,
    succeeded_at = CASE WHEN outcome = 'moved' AND p_new = 'succeeded' THEN now() ELSE succeeded_at END,
    updated_at = now()
  WHERE id = p_payment;
  IF outcome = 'moved' THEN
    INSERT INTO payment_audit (payment_id, old_status, new_status, change_reason, provider_data, changed_by)
    VALUES (p_payment, p.status, p_new, p_reason, p_data, p_changed_by);
    IF p_new = 'succeeded' THEN
      PERFORM post(new_id(), 'payment', 'payment', p_payment, 'payment:' || p_payment, p.currency,
                   ARRAY['clearing:' || p.provider, held_account(p)], ARRAY[p.amount_minor, -p.amount_minor]);
      IF p.tax_minor > 0 OR p_data ? 'tax_minor' THEN
        PERFORM post_tax(p_payment);
      END IF;
    END IF;
  END IF;
  IF p_data ? 'fee_minor' THEN
    PERFORM post_fee(p_payment, (p_data ->> 'fee_minor')::bigint, p_data ->> 'fee_currency');
  END IF;
  RETURN outcome;
END $$;

CREATE FUNCTION public.record_payout(p_payout uuid, p_status text, p_amount bigint, p_currency text, p_payee text, p_provider_ref text, p_ids jsonb, p_returned bigint, p_failure text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payouts; returned bigint; before payouts;
BEGIN
  SELECT * INTO p FROM payouts WHERE id = p_payout FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'missing';
  ELSIF (p_amount, p_currency) <> (p.amount_minor, p.currency) OR p.method <> 'provider'
     OR coalesce(p_payee, p.payee_ref) <> p.payee_ref
     OR coalesce(p_provider_ref, p.provider_ref) IS DISTINCT FROM coalesce(p.provider_ref, p_provider_ref)
     OR p_returned NOT BETWEEN 0 AND p.amount_minor THEN
    RETURN 'parked';
  END IF;
  before := p;
  returned := CASE p_status WHEN 'failed' THEN p.amount_minor ELSE p_returned END;
  UPDATE payouts SET provider_ref = coalesce(provider_ref, p_provider_ref), updated_at = now(),
                     provider_ids = provider_ids || coalesce(p_ids, '{}')
   WHERE id = p_payout AND (provider_ref IS DISTINCT FROM coalesce(provider_ref, p_provider_ref)
                            OR NOT provider_ids @> coalesce(p_ids, '{}'));
  IF p.status = 'failed' THEN
    RETURN CASE WHEN returned = p.amount_minor THEN 'repeated' ELSE 'impossible' END;
  ELSIF p_status = 'succeeded' THEN
    PERFORM settle_payout(p_payout);
  ELSIF p_status = 'pending' THEN
    UPDATE payouts SET status = 'in_transit', updated_at = now() WHERE id = p_payout AND status = 'requested';
  END IF;
  IF returned > p.returned_minor THEN
    PERFORM return_payout(p_payout, returned, p_failure);
  END IF;
  IF p_status = 'failed' AND p_provider_ref IS NOT NULL AND p_returned < p.amount_minor THEN
    PERFORM plan_payout_call(new_id(), p.provider, 'reverse', p_payout);
  END IF;
  SELECT * INTO STRICT p FROM payouts WHERE id = p_payout;
  RETURN CASE WHEN (p.status, p.returned_minor) = (before.status, before.returned_minor) THEN 'repeated' ELSE 'moved' END;
END $$;

CREATE FUNCTION public.record_receipt(p_payment uuid, p_reference_type text, p_reference uuid, p_gross bigint, p_tax bigint, p_currency text, p_held text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO receipts (payment_id, reference_id, currency, gross_minor, tax_minor)
  VALUES (p_payment, p_reference, p_currency, p_gross, p_tax) ON CONFLICT (payment_id) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  RETURN post(new_id(), 'receipt', p_reference_type, p_reference, 'receipt:' || p_payment, p_currency,
              ARRAY[p_held, 'sales', 'tax_payable'], ARRAY[p_gross, p_tax - p_gross, -p_tax]);
END $$;

CREATE FUNCTION public.record_refund(p_refund uuid, p_succeeded boolean, p_provider_ref text DEFAULT NULL::text, p_failure text DEFAULT NULL::text, p_data jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE r refunds; p payments; status_now text := CASE WHEN p_succeeded THEN 'succeeded' ELSE 'failed' END;
BEGIN
  SELECT p1.* INTO p FROM payments p1 JOIN refunds r1 ON r1.payment_id = p1.id WHERE r1.id = p_refund FOR UPDATE OF p1;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such refund.');
  END IF;
  SELECT * INTO r FROM refunds WHERE id = p_refund FOR UPDATE;
  IF p_succeeded AND r.status <> 'failed' THEN
    PERFORM post_further_fees('refund', p_refund, p.provider, p_data -> 'fees');
  END IF;
  IF r.status = status_now THEN
    RETURN 'repeated';
  ELSIF r.status = 'failed' THEN
    RETURN 'impossible';
  END IF;
  UPDATE refunds SET status = status_now, provider_ref = coalesce(provider_ref, p_provider_ref),
                     failure_code = p_failure, updated_at = now() WHERE id = p_refund;
  UPDATE payments SET
    refund_pending_minor = refund_pending_minor - CASE WHEN r.status = 'pending' THEN r.amount_minor ELSE 0 END,
    refunded_minor = refunded_minor + CASE WHEN p_succeeded THEN r.amount_minor
                                           WHEN r.status = 'succeeded' THEN -r.amount_minor ELSE 0 END,
    updated_at = now()
  WHERE id = p.id;
  IF NOT p_succeeded THEN
    PERFORM restore_earning(p.id, 'refund:' || p_refund, 'refund_failed:' || p_refund, r.amount_minor);
  END IF;
  PERFORM restate_payment(p.id, CASE WHEN p_succeeded THEN 'refund' ELSE 'refund_failed' END, p_data, r.requested_by);
  IF NOT p_succeeded THEN
    PERFORM hold_freed(p.id, p_refund, p_data);
  END IF;
  RETURN 'moved';
END $$;

CREATE FUNCTION public.record_subscription(p_id uuid, p_provider text, p_told jsonb, p_email text, p_asked_at timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE told subscriptions; begun payments; kept subscriptions;
BEGIN
  PERFORM lock_subscription(p_provider, p_told ->> 'reference');
  told := jsonb_populate_record(NULL::subscriptions, p_told);
  SELECT * INTO kept FROM subscriptions WHERE provider = p_provider AND provider_ref = p_told ->> 'reference';
  IF FOUND AND kept.told_at > p_asked_at THEN
    RETURN kept.id;
  ELSIF FOUND THEN
    UPDATE subscriptions s SET
      status = told.status, items = told.items, amount_minor = told.amount_minor, currency = told.currency,
      interval_unit = told.interval_unit, interval_count = told.interval_count,
      period_starts_at = told.period_starts_at, period_ends_at = told.period_ends_at,
      cancel_at_period_end = told.cancel_at_period_end, canceled_at = told.canceled_at, ended_at = told.ended_at,
      ending = CASE WHEN told.status IN ('canceled', 'expired')
                      OR s.ending = 'at_period_end' AND told.cancel_at_period_end THEN NULL ELSE s.ending END,
      email = coalesce(s.email, p_email), told_at = p_asked_at, updated_at = now()
    WHERE s.id = kept.id;
    RETURN kept.id;
  END IF;
  SELECT * INTO begun FROM payments p
   WHERE p.purpose = 'subscription' AND p.purpose_id = (p_told ->> 'subscription_id')::uuid AND p.provider = p_provider
     AND p.mode = 'subscription' AND NOT EXISTS (SELECT FROM subscriptions s WHERE s.id = p.purpose_id);
  INSERT INTO subscriptions (id, provider, provider_ref, user_id, email, status, items, amount_minor, currency,
                             interval_unit, interval_count, period_starts_at, period_ends_at, cancel_at_period_end,
                             canceled_at, ended_at, started_at, told_at)
  VALUES (coalesce(begun.purpose_id, p_id), p_provider, p_told ->> 'reference',
          coalesce(begun.payer_id, (SELECT c.user_id FROM provider_customers c
                                     WHERE c.provider = p_provider AND c.provider_ref = p_told ->> 'customer')),
          coalesce(begun.payer_email, p_email), told.status, told.items, told.amount_minor, told.currency,
          told.interval_unit, told.interval_count, told.period_starts_at, told.period_ends_at,
          told.cancel_at_period_end, told.canceled_at, told.ended_at, told.started_at, p_asked_at)
  RETURNING * INTO kept;
  IF begun.payer_id IS NOT NULL AND p_told ->> 'customer' IS NOT NULL THEN  -- made by the provider's own page
    PERFORM keep_customer(new_id(), p_provider, p_told ->> 'customer', begun.payer_id, kept.email);
  END IF;
  RETURN kept.id;
END $$;

CREATE FUNCTION public.refresh_around(p_resource bigint, p_during tstzrange) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
  v_first date := (lower(p_during) AT TIME ZONE 'UTC')::date;
  v_reached date := (SELECT max(f.day) FROM free_days f WHERE f.resource_no = p_resource); -- NULL: no summary
BEGIN
  IF v_first <= v_reached THEN
    PERFORM refresh_free_days(p_resource, v_first, least(v_reached, (upper(p_during) AT TIME ZONE 'UTC')::date));
  END IF;
END $$;

CREATE FUNCTION public.refresh_free_days(p_resource bigint, p_from date, p_to date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
  v_from timestamptz := p_from::timestamp AT TIME ZONE 'UTC';
  v_to timestamptz := (p_to + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
  INSERT INTO free_days AS f (resource_no, day, bits, ragged)
  SELECT p_resource, d.day, coalesce(b.bits, B'0'::bit(288)), coalesce(b.ragged, false)
  FROM (
    SELECT coalesce(range_agg(w.during), '{}')
         - (SELECT coalesce(range_agg(o.during), '{}') FROM busy_ranges(p_resource, v_from, v_to, NULL) o) AS stretches
    FROM practitioners p
    CROSS JOIN LATERAL working_windows(p.id, p.timezone, v_from, v_to) w
    WHERE p.resource_no = p_resource
  ) free
  CROSS JOIN LATERAL (SELECT p_from + n AS day FROM generate_series(0, p_to - p_from) n) d
  LEFT JOIN LATERAL (
    SELECT bit_or(pieces(floor(pieces_into(d.day, lower(s)))::int, ceil(pieces_into(d.day, upper(s)))::int)) AS bits,
           bool_or(NOT on_piece(lower(s)) OR NOT on_piece(upper(s))) AS ragged
    FROM unnest(free.stretches) s
    WHERE lower(s) < (d.day + 1)::timestamp AT TIME ZONE 'UTC' AND upper(s) > d.day::timestamp AT TIME ZONE 'UTC'
  ) b ON true
  ON CONFLICT (resource_no, day) DO UPDATE SET bits = excluded.bits, ragged = excluded.ragged
    WHERE f.bits <> excluded.bits OR f.ragged <> excluded.ragged;
END $$;

CREATE FUNCTION public.refund_booking(b public.bookings, p_amount bigint, p_reason text, p_by uuid, OUT planned_minor bigint, OUT calls uuid[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE p payments; part bigint; operation uuid;
BEGIN
  planned_minor := 0;
  calls := '{}';
  FOR p IN SELECT * FROM payments WHERE purpose_id = b.id AND status IN ('succeeded', 'partially_refunded')
            ORDER BY created_at DESC, id DESC FOR UPDATE LOOP
    part := least(p_amount - planned_minor, p.amount_minor - p.refunded_minor - p.refund_pending_minor);
    CONTINUE WHEN part <= 0;
    operation := new_id();
    PERFORM plan_refund(new_id(), operation, p.id, part, p_reason, p_by);
    planned_minor := planned_minor + part;
    calls := calls || operation;
  END LOOP;
  UPDATE bookings SET refunded_minor = refunded_minor + planned_minor, updated_at = now()
   WHERE id = b.id AND planned_minor > 0;
END $$;

CREATE FUNCTION public.refund_for_asking(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_notes text, p_by uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_may_move(p_payment, false);
  PERFORM refund_for_purpose(p_refund, p_operation, p_payment, p_amount, p_reason, p_notes, asking_user());
END $$;

CREATE FUNCTION public.refund_for_purpose(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_notes text, p_by uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; amount bigint;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such payment.');
  END IF;
  PERFORM lock_purpose(p.purpose, p.purpose_id);
  SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
  IF EXISTS (SELECT FROM refunds WHERE id = p_refund) THEN
    RETURN;
  END IF;
  amount := coalesce(p_amount, p.amount_minor - p.refunded_minor - p.refund_pending_minor);
  IF p_amount IS NULL AND amount = 0 AND p.status IN ('succeeded', 'partially_refunded', 'refunded') THEN
    PERFORM refuse('refund_exceeds_payment', 'Nothing is left to refund.');
  END IF;
  PERFORM plan_refund(p_refund, p_operation, p_payment, amount, p_reason, p_by);
  UPDATE refunds SET notes = p_notes WHERE id = p_refund AND p_notes IS NOT NULL;
  PERFORM move_refunded(p.purpose, p.purpose_id, amount);
END $$;

CREATE FUNCTION public.refuse(code text, detail text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'MO000', MESSAGE = code, DETAIL = coalesce(detail, '');
END $$;

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION public.release_claim(p_booking uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_claim claims;
BEGIN
  SELECT * INTO v_claim FROM claims c WHERE c.booking_id = p_booking AND c.active;
  IF FOUND THEN
    PERFORM deactivate_claim(v_claim.id, v_claim.resource_no);
  END IF;
END $$;

CREATE FUNCTION public.release_earnings(p_now timestamp with time zone, p_booking uuid DEFAULT NULL::uuid, p_limit integer DEFAULT 500) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE e earnings; left_minor bigint; released integer := 0;
BEGIN
  FOR e IN SELECT * FROM earnings
            WHERE status = 'pending' AND held_at IS NULL AND available_at <= p_now
              AND (p_booking IS NULL OR booking_id = p_booking)
            ORDER BY practitioner_id, id LIMIT p_limit FOR UPDATE SKIP LOCKED LOOP
    UPDATE earnings SET status = 'available', releases = releases + 1, updated_at = now() WHERE id = e.id;
    left_minor := e.net_minor - (e.reversed_gross_minor - e.reversed_commission_minor);
    IF left_minor <> 0 AND NOT e.is_sale THEN
      PERFORM post(new_id(), 'earning_released', 'booking', e.booking_id, format('released:%s:%s', e.id, e.releases),
                   e.currency, ARRAY['earnings_pending:' || e.practitioner_id, 'earnings_available:' || e.practitioner_id],
                   ARRAY[left_minor, -left_minor]);
    END IF;
    released := released + 1;
  END LOOP;
  RETURN released;
END $$;

CREATE FUNCTION public.release_expired_holds(p_resource bigint DEFAULT NULL::bigint, p_session uuid DEFAULT NULL::uuid, p_limit integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE expired record; b bookings; wanted uuid[]; released integer := 0;
BEGIN
  FOR expired IN
    SELECT x.id, p.resource_no, s.service_type
      FROM bookings x JOIN practitioners p ON p.id = x.practitioner_id JOIN services s ON s.id = x.service_id
     WHERE x.status = 'pending' AND x.parent_id IS NULL AND x.hold_expires_at <= now()
       AND (p_resource IS NULL OR p.resource_no = p_resource)
       AND (p_session IS NULL OR p_session = ANY (sessions_of(x.id)))
     ORDER BY x.hold_expires_at LIMIT p_limit
  LOOP
    IF expired.service_type = 'session' THEN
      CONTINUE WHEN NOT pg_try_advisory_xact_lock(expired.resource_no);
    ELSE
      wanted := sessions_of(expired.id);
      CONTINUE WHEN cardinality(wanted) <>
        (SELECT count(*) FROM (SELECT FROM sessions WHERE id = ANY (wanted) FOR UPDATE SKIP LOCKED) AS locked);
    END IF;
    SELECT * INTO b FROM bookings
     WHERE id = expired.id AND status = 'pending' AND hold_expires_at <= now() FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND OR (expired.service_type <> 'session' AND NOT sessions_of(b.id) <@ wanted);
    PERFORM drop_booking(b, 'expired');
    released := released + 1;
  END LOOP;
  RETURN released;
END $$;

CREATE FUNCTION public.release_key(p_caller text, p_key text, p_subject uuid, p_forget boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  DELETE FROM idempotency_keys
   WHERE p_forget AND caller = p_caller AND key = p_key AND subject_id = p_subject AND state = 'running';
  UPDATE idempotency_keys SET locked_until = clock_timestamp()
   WHERE NOT p_forget AND caller = p_caller AND key = p_key AND subject_id = p_subject AND state = 'running';
$$;

CREATE FUNCTION public.release_reserved(p public.payments) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel'
                    AND o.status IN ('planned', 'called', 'unknown')) THEN
    PERFORM plan_operation(new_id(), p.provider, 'cancel', p.id, NULL, jsonb_build_object('reason', 'canceled'));
  END IF;
END $$;

CREATE FUNCTION public.release_session_claim(p_session uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_claim claims;
BEGIN
  SELECT * INTO v_claim FROM claims c WHERE c.session_id = p_session AND c.active;
  IF FOUND THEN
    PERFORM deactivate_claim(v_claim.id, v_claim.resource_no);
  END IF;
END $$;

CREATE FUNCTION public.remind_of_invoices(p_days integer[], p_pages jsonb, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE i invoices; due integer; sent integer := 0; owed bigint;
BEGIN
  FOR i IN SELECT x.* FROM jsonb_object_keys(p_pages) AS page (id) JOIN invoices x ON x.id = page.id::uuid
            WHERE x.status = 'open' ORDER BY x.due_at, x.id FOR UPDATE OF x LOOP
    SELECT count(*) INTO due FROM unnest(p_days) AS d WHERE i.due_at + make_interval(days => d) <= p_now;
    CONTINUE WHEN due <= i.reminders_sent;
    owed := open_of_invoice(i);
    UPDATE invoices SET reminders_sent = due, updated_at = now() WHERE id = i.id;
    CONTINUE WHEN owed = 0;
    PERFORM queue_mail(i.customer_id, invoice_address(i),
      CASE WHEN p_days[due] < 0 THEN 'Due soon: invoice ' WHEN p_days[due] = 0 THEN 'Due today: invoice '
           ELSE 'Overdue: invoice ' END || i.number,
      concat_ws(E'\n', format('Invoice %s: %s %s due on %s.', i.number, spoken_amount(owed, i.currency),
                              CASE WHEN i.due_at < p_now THEN 'was' ELSE 'is' END,
                              to_char(i.due_at AT TIME ZONE 'UTC', 'FMDD FMMonth YYYY')),
                'See and pay it here:', p_pages ->> i.id::text),
      format('invoice_reminder:%s:%s', i.id, due));
    PERFORM note_invoice(i.id, 'reminded', jsonb_build_object('step', due));
    sent := sent + 1;
  END LOOP;
  RETURN sent;
END $$;

CREATE FUNCTION public.repeated_hold(p_id uuid) RETURNS public.held_booking
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE a held_booking;
BEGIN
  a.repeated := true;
  SELECT b.status INTO a.status FROM bookings b WHERE b.id = p_id;
  RETURN a;
END $$;

CREATE FUNCTION public.replace_hold(b public.bookings) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM drop_booking(b, CASE WHEN b.hold_expires_at <= now() THEN 'expired' ELSE 'client' END, NULL,
                       CASE WHEN b.hold_expires_at <= now() THEN NULL ELSE 'Chosen again.' END);
  PERFORM stop_collecting(b.id, 'hold_released');
END $$;

CREATE FUNCTION public.replace_outside_busy(p_resource bigint, p_source text, p_during tstzrange[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(p_resource);
  DELETE FROM outside_busy o WHERE o.resource_no = p_resource AND o.source = p_source;
  INSERT INTO outside_busy (id, resource_no, source, during)
  SELECT new_id(), p_resource, p_source, d FROM unnest(p_during) d;
  PERFORM rebuild_free_days(p.id) FROM practitioners p WHERE p.resource_no = p_resource;
END $$;

CREATE FUNCTION public.replace_schedule(p_practitioner uuid, p_zone text, p_weekdays integer[], p_starts integer[], p_minutes integer[], p_valid_from date[], p_valid_to date[], p_dates date[], p_window_dates date[], p_window_starts integer[], p_window_minutes integer[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_resource bigint := (SELECT p.resource_no FROM practitioners p WHERE p.id = p_practitioner);
BEGIN
  IF v_resource IS NULL THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM require_practitioner(p_practitioner);
  IF NOT EXISTS (SELECT FROM zone_offsets z WHERE z.zone = p_zone) THEN
    PERFORM refuse('invalid_timezone');
  END IF;
  PERFORM pg_advisory_xact_lock(v_resource);
  DELETE FROM weekly_hours w WHERE w.practitioner_id = p_practitioner;
  DELETE FROM date_overrides o WHERE o.practitioner_id = p_practitioner;
  INSERT INTO weekly_hours (id, practitioner_id, weekday, start_minute, minutes, valid_from, valid_to)
  SELECT new_id(), p_practitioner, w.*
  FROM unnest(p_weekdays, p_starts, p_minutes, p_valid_from, p_valid_to) w;
  INSERT INTO date_overrides (practitioner_id, date, start_minutes, lengths_minutes)
  SELECT p_practitioner, d.day, coalesce(array_agg(w.starts ORDER BY w.starts) FILTER (WHERE w.day IS NOT NULL), '{}'),
         coalesce(array_agg(w.lasts ORDER BY w.starts) FILTER (WHERE w.day IS NOT NULL), '{}')
  FROM (SELECT DISTINCT u.day FROM unnest(p_dates) u(day)) d
  LEFT JOIN unnest(p_window_dates, p_window_starts, p_window_minutes) w(day, starts, lasts) ON w.day = d.day
  GROUP BY d.day;
  UPDATE practitioners p SET timezone = p_zone, updated_at = now() WHERE p.id = p_practitioner AND p.timezone <> p_zone;
  IF NOT FOUND THEN -- otherwise the trigger below has done it
    PERFORM rebuild_free_days(p_practitioner);
  END IF;
END $$;

CREATE FUNCTION public.replay_event(p_event uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  UPDATE webhook_events SET status = 'received', attempts = 0, next_at = now(), processed_at = NULL, updated_at = now()
   WHERE id = p_event;
  RETURN FOUND;
END $$;

CREATE FUNCTION public.report_customers(p_currency text, p_limit integer, p_offset integer DEFAULT 0) RETURNS TABLE(payer_id uuid, email text, name text, spent_minor bigint, payments bigint, first_at timestamp with time zone, last_at timestamp with time zone, customers bigint, all_spent_minor numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY
  WITH changed AS MATERIALIZED (
    SELECT DISTINCT f.payer_id FROM payment_facts f WHERE f.updated_at >= untallied_since() AND f.payer_id IS NOT NULL
  ), spent AS MATERIALIZED (
    SELECT t.payer_id, t.spent_minor AS minor, t.payments, t.first_at, t.last_at FROM customer_tallies t
     WHERE t.currency = p_currency AND NOT EXISTS (SELECT FROM changed c WHERE c.payer_id = t.payer_id)
    UNION ALL
    SELECT f.payer_id, sum(f.amount_minor - f.refunded_minor - f.lost_minor)::bigint, count(*), min(f.created_at),
           max(f.created_at)
      FROM changed c JOIN payment_facts f ON f.payer_id = c.payer_id
     WHERE f.currency = p_currency AND f.is_collected GROUP BY f.payer_id
  ), everybody AS (
    SELECT count(*) AS customers, coalesce(sum(s.minor), 0) AS minor FROM spent s
  ), page AS (
    SELECT s.* FROM spent s ORDER BY s.minor DESC, s.payer_id LIMIT p_limit OFFSET p_offset
  )
  SELECT page.payer_id, u.email, concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')), page.minor,
         page.payments, page.first_at, page.last_at, everybody.customers, everybody.minor
    FROM everybody LEFT JOIN page ON true LEFT JOIN users u ON u.id = page.payer_id
   ORDER BY page.minor DESC, page.payer_id;
END $$;

CREATE FUNCTION public.report_disputes(p_currency text, p_from timestamp with time zone, p_to timestamp with time zone) RETURNS TABLE(status text, disputes bigint, payments bigint, amount_minor numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY SELECT f.status, count(*), count(DISTINCT f.payment_id), sum(f.amount_minor) FROM dispute_facts f
    WHERE f.currency = p_currency AND f.created_at >= p_from AND f.created_at < p_to GROUP BY ROLLUP (f.status) ORDER BY 1;
END $$;

CREATE FUNCTION public.report_payments(p_currency text, p_edges timestamp with time zone[], p_days timestamp with time zone[]) RETURNS TABLE(dimension text, key text, payments bigint, collected bigint, failed bigint, canceled bigint, orders bigint, given_back bigint, gross_minor numeric, refunded_minor numeric, lost_minor numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE known tstzmultirange; live tstzmultirange;
BEGIN
  PERFORM check_reports();
  SELECT coalesce(range_agg(tstzrange(d.day_start, d.day_end)), '{}') INTO known
    FROM days_between(p_days) w JOIN tallied_days d ON (d.day_start, d.day_end) = (w.day_start, w.day_end)
   WHERE d.day_start NOT IN (SELECT s.day_start FROM stale_days() AS s);
  live := tstzmultirange(tstzrange(p_edges[1], p_edges[cardinality(p_edges)])) - known;
  RETURN QUERY
  WITH cells AS MATERIALIZED (
    SELECT width_bucket(t.day_start, p_edges) AS number, t.currency, t.payment_type, t.method, t.payments, t.collected,
           t.failed, t.canceled, t.orders, t.given_back, t.gross_minor, t.refunded_minor, t.lost_minor
      FROM payment_tallies t WHERE t.day_start >= p_edges[1] AND t.day_start <@ known
    UNION ALL
    SELECT part.number, c.*
      FROM unnest(live) AS r (span),
           -- One of its stretches at a time, cut where intervals begin.
           LATERAL (SELECT at AS number, greatest(lower(r.span), p_edges[at]) AS begins,
                           least(upper(r.span), p_edges[at + 1]) AS ends
                      FROM generate_series(width_bucket(lower(r.span), p_edges), cardinality(p_edges) - 1) AS at
                     WHERE p_edges[at] < upper(r.span)) AS part,
           LATERAL add_up(part.begins, part.ends) AS c
  ), chosen AS MATERIALIZED (
    SELECT coalesce(p_currency, (SELECT c.currency FROM cells c GROUP BY 1 ORDER BY sum(c.payments) DESC, 1 LIMIT 1))
             AS currency
  ), keyed AS (
    SELECT d.dimension, d.key, c.*
      FROM cells c JOIN chosen ON chosen.currency = c.currency,
           LATERAL (VALUES ('total', chosen.currency), ('interval', c.number::text), ('type', c.payment_type),
                           ('method', c.method)) AS d (dimension, key)
    UNION ALL SELECT 'currency', c.currency, c.* FROM cells c
  )
  SELECT k.dimension, k.key, sum(k.payments)::bigint, sum(k.collected)::bigint, sum(k.failed)::bigint,
         sum(k.canceled)::bigint, sum(k.orders)::bigint, sum(k.given_back)::bigint, sum(k.gross_minor),
         sum(k.refunded_minor), sum(k.lost_minor)
    FROM keyed k GROUP BY 1, 2 ORDER BY 1, 9 DESC, 2;
END $$;

CREATE FUNCTION public.report_refunds(p_currency text, p_from timestamp with time zone, p_to timestamp with time zone) RETURNS TABLE(reason text, refunds bigint, amount_minor numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_reports();
  RETURN QUERY SELECT f.reason, count(*), sum(f.amount_minor) FROM refund_facts f
    WHERE f.currency = p_currency AND f.status = 'succeeded' AND f.created_at >= p_from AND f.created_at < p_to
    GROUP BY f.reason ORDER BY 3 DESC, 1;
END $$;

CREATE FUNCTION public.reprice_booking(b public.bookings, p_total bigint, p_by uuid, p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
DECLARE s record; kept bigint := b.paid_minor - b.refunded_minor; due bigint; operations uuid[] := '{}'; refunding uuid[];
BEGIN
  IF p_total = b.total_minor THEN
    RETURN operations;
  END IF;
  SELECT x.deposit_minor, x.deposit_bps INTO s FROM services x WHERE x.id = b.service_id;
  due := CASE WHEN b.status = 'confirmed' THEN least(b.due_now_minor, p_total)
    ELSE least(p_total, greatest(1, coalesce(s.deposit_minor, half_up(p_total::numeric * s.deposit_bps, 10000), p_total))) END;
  UPDATE bookings SET total_minor = p_total, due_now_minor = due, updated_at = now(),
                      commission_minor = half_up(p_total::numeric * commission_bps, 10000)
   WHERE id = b.id;
  PERFORM count_gross(b.practitioner_id, b.confirmed_at, b.currency, p_total - b.total_minor) WHERE b.status = 'confirmed';
  SELECT * INTO b FROM bookings WHERE id = b.id;
  operations := stop_asking(b, CASE WHEN b.status = 'pending' THEN due ELSE p_total END - kept, p_by);
  IF kept > p_total THEN
    SELECT r.calls INTO refunding FROM refund_booking(b, kept - p_total, 'price_changed', p_by) AS r;
    RETURN operations || refunding;
  ELSIF b.status = 'pending' AND kept >= due THEN
    PERFORM make_confirmed(b, p_now);
  END IF;
  RETURN operations;
END $$;

CREATE FUNCTION public.request_payout(p_payout uuid, p_operation uuid, p_practitioner uuid, p_amount bigint, p_currency text, p_minimum integer, p_providers text[], p_by uuid DEFAULT NULL::uuid, p_week date DEFAULT NULL::date) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payouts; payee payees; paid_in text; available bigint; wanted bigint;
BEGIN
  SELECT * INTO p FROM payouts WHERE id = p_payout;
  IF FOUND THEN
    RETURN again_payout(p, p_practitioner);
  END IF;
  paid_in := coalesce(p_currency, only_currency(p_practitioner));
  available := lock_available_earnings(p_practitioner, paid_in);
  SELECT * INTO p FROM payouts WHERE id = p_payout;
  IF FOUND THEN
    RETURN again_payout(p, p_practitioner);
  END IF;
  wanted := coalesce(p_amount, available);
  IF wanted > available OR wanted <= 0 THEN
    PERFORM refuse('insufficient_balance', format('%s %s is available.', money_text(available, paid_in), paid_in));
  ELSIF wanted < least_payout(p_minimum, paid_in) THEN
    PERFORM refuse('payout_below_minimum', format('The least that is paid out is %s %s.',
                                                  money_text(least_payout(p_minimum, paid_in), paid_in), paid_in));
  END IF;
  SELECT * INTO payee FROM payees y
   WHERE y.practitioner_id = p_practitioner AND y.can_be_paid AND y.provider = ANY (p_providers)
   ORDER BY array_position(p_providers, y.provider) LIMIT 1;
  INSERT INTO payouts (id, practitioner_id, amount_minor, currency, method, provider, payee_ref, week, requested_by)
  VALUES (p_payout, p_practitioner, wanted, paid_in, CASE WHEN payee.id IS NULL THEN 'manual' ELSE 'provider' END,
          coalesce(payee.provider, 'manual'), payee.provider_ref, p_week, p_by);
  PERFORM post(new_id(), 'payout', 'payout', p_payout, 'payout:' || p_payout, paid_in,
               ARRAY['earnings_available:' || p_practitioner, 'payout_in_transit:' || p_practitioner],
               ARRAY[wanted, -wanted]);
  IF payee.id IS NULL THEN
    RETURN 'manual';
  END IF;
  PERFORM plan_payout_call(p_operation, payee.provider, 'transfer', p_payout);
  RETURN 'provider';
END $$;

CREATE FUNCTION public.request_payout_for_asking(p_payout uuid, p_operation uuid, p_amount bigint, p_currency text, p_minimum integer, p_providers text[]) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF asking_practitioner() IS NULL THEN
    PERFORM refuse('forbidden', 'Payouts are for practitioners.');
  END IF;
  RETURN request_payout(p_payout, p_operation, asking_practitioner(), p_amount, p_currency, p_minimum, p_providers,
                        asking_user());
END $$;

CREATE FUNCTION public.request_weekly_payout(p_payout uuid, p_operation uuid, p_practitioner uuid, p_currency text, p_week date, p_minimum integer, p_providers text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE available bigint := lock_available_earnings(p_practitioner, p_currency);
BEGIN
  IF available < greatest(1, least_payout(p_minimum, p_currency)) OR EXISTS (
       SELECT FROM payouts WHERE practitioner_id = p_practitioner AND currency = p_currency AND week = p_week) THEN
    RETURN false;
  END IF;
  PERFORM request_payout(p_payout, p_operation, p_practitioner, NULL, p_currency, p_minimum, p_providers, NULL, p_week);
  RETURN true;
END $$;

CREATE FUNCTION public.require_practitioner(p_practitioner uuid) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF asking_practitioner() IS DISTINCT FROM p_practitioner AND asking_admin() IS NOT TRUE THEN
    PERFORM refuse('forbidden');
  END IF;
END $$;

CREATE FUNCTION public.reschedule_booking(p_booking uuid, p_by uuid, p_starts timestamp with time zone, p_session uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE b bookings; target uuid; moved boolean;
BEGIN
  SELECT s.id INTO target FROM bookings x JOIN sessions s ON s.service_id = x.service_id AND s.status = 'scheduled'
   WHERE x.id = p_booking AND x.session_id IS NOT NULL
     AND (s.id = p_session OR (p_session IS NULL AND s.starts_at = p_starts))
   ORDER BY s.id LIMIT 1;
  PERFORM FROM sessions WHERE id IN (target, (SELECT x.session_id FROM bookings x WHERE x.id = p_booking))
    ORDER BY id FOR UPDATE;
  b := lock_booking(p_booking);
  PERFORM check_side(b, p_booking, p_by, ARRAY['client', 'practitioner', 'admin']);
  IF b.cancel_kind = 'expired' OR (b.status = 'pending' AND b.hold_expires_at <= now()) THEN
    PERFORM refuse('hold_expired', 'The hold has expired; the time has to be booked again.');
  ELSIF b.status NOT IN ('pending', 'confirmed') THEN
    PERFORM refuse('invalid_state', format('This booking is already %s.', b.status));
  ELSIF b.starts_at <= p_now AND b.client_id = p_by THEN
    PERFORM refuse('invalid_state', 'This booking has begun.');
  ELSIF EXISTS (SELECT FROM bookings WHERE parent_id = b.id) THEN
    PERFORM refuse('invalid_state', 'A course keeps its dates; cancel it and enrol in another.');
  ELSIF b.session_id IS NULL AND p_starts IS NULL THEN
    PERFORM refuse('invalid_start', 'Say when: start_time.');
  END IF;
  moved := CASE WHEN b.session_id IS NULL THEN move_time(b, p_starts, p_now) ELSE move_place(b, target, p_now) END;
  IF NOT moved THEN
    PERFORM refuse('slot_unavailable', 'That time is not free.');
  END IF;
  PERFORM tell_booking(b.id, 'rescheduled') WHERE b.status = 'confirmed';
END $$;

CREATE FUNCTION public.resources_with_expired_holds(p_from timestamp with time zone, p_to timestamp with time zone) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT c.resource_no FROM claims c
    WHERE c.active AND c.kind = 'hold' AND c.expires_at <= now() AND c.during && tstzrange(p_from, p_to);
END $$;

CREATE FUNCTION public.restate_payment(p_payment uuid, p_reason text, p_data jsonb, p_changed_by uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; standing text;
BEGIN
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  standing := payment_standing(p);
  IF standing = p.status THEN
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT FROM payment_moves() m WHERE m.from_status = p.status AND m.to_status = standing) THEN
    PERFORM refuse('invalid_state', format('A payment that is %s cannot become %s.', p.status, standing));
  END IF;
  UPDATE payments SET status = standing, updated_at = now() WHERE id = p_payment;
  INSERT INTO payment_audit (payment_id, old_status, new_status, change_reason, provider_data, changed_by)
  VALUES (p_payment, p.status, standing, p_reason, p_data, p_changed_by);
END $$;

CREATE FUNCTION public.restate_record(p_no bigint, p_to text, p_from text[] DEFAULT NULL::text[], OUT outcome text, OUT was text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments := record_of_asker(p_no);
BEGIN
  was := p.status;
  IF p.status = p_to AND p_from IS NULL THEN
    outcome := 'repeated';
  ELSIF p.status <> ALL (coalesce(p_from, ARRAY[p.status])) OR NOT record_may_move(p.status, p_to) THEN
    outcome := 'impossible';
  ELSE
    PERFORM move_record(p.id, p_to, CASE WHEN p.payer_id = asking_user() THEN 'payer' ELSE 'admin' END);
    outcome := 'moved';
  END IF;
END $$;

CREATE FUNCTION public.restore_earning(p_payment uuid, p_cause text, p_failed_cause text, p_amount bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE posted uuid; commission bigint; was text; took boolean; e earnings;
BEGIN
  SELECT * INTO e FROM earnings WHERE payment_id = p_payment FOR UPDATE;
  SELECT id INTO STRICT posted FROM ledger_transactions WHERE cause = p_cause;
  IF NOT reverse_transaction(new_id(), posted, p_failed_cause) THEN
    RETURN false;
  END IF;
  PERFORM restore_receipt(p_payment, posted, p_amount);
  SELECT max(a.code) FILTER (WHERE a.code LIKE 'earnings\_%'),
         coalesce(sum(l.amount_minor) FILTER (WHERE a.code = 'commission'), 0),
         bool_or(a.code LIKE 'earnings\_%' OR a.code IN ('commission', 'sales', 'dispute_losses'))
    INTO was, commission, took
    FROM ledger_entries l JOIN ledger_accounts a ON a.no = l.account_no WHERE l.transaction_id = posted;
  IF NOT took THEN
    RETURN true;  -- it was taken from what had not been earned yet
  END IF;
  UPDATE earnings SET reversed_gross_minor = reversed_gross_minor - p_amount,
                      reversed_commission_minor = reversed_commission_minor - commission,
                      status = CASE status WHEN 'reversed' THEN 'pending' ELSE status END, updated_at = now()
   WHERE id = e.id RETURNING * INTO e;
  IF was <> earning_account(e) THEN
    PERFORM post(new_id(), 'earning_moved', 'booking', e.booking_id, p_failed_cause || ':moved', e.currency,
                 ARRAY[was, earning_account(e)], ARRAY[p_amount - commission, commission - p_amount]);
  END IF;
  RETURN true;
END $$;

CREATE FUNCTION public.restore_receipt(p_payment uuid, p_posted uuid, p_amount bigint) RETURNS void
    LANGUAGE sql
    AS $$
  UPDATE receipts r
     SET reversed_gross_minor = r.reversed_gross_minor - p_amount,
         reversed_tax_minor = r.reversed_tax_minor
           - (SELECT taxed_by(t.cause) FROM ledger_transactions t WHERE t.id = p_posted),
         updated_at = now()
   WHERE r.payment_id = p_payment
     AND EXISTS (SELECT FROM ledger_entries l JOIN ledger_accounts a ON a.no = l.account_no
                  WHERE l.transaction_id = p_posted AND a.code IN ('sales', 'tax_payable', 'dispute_losses'))
$$;

CREATE FUNCTION public.return_payout(p_payout uuid, p_returned bigint, p_failure text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payouts; lies_in text; back bigint;
BEGIN
  SELECT * INTO STRICT p FROM payouts WHERE id = p_payout;
  back := p_returned - p.returned_minor;
  lies_in := CASE p.status WHEN 'paid' THEN payout_source(p) ELSE 'payout_in_transit:' || p.practitioner_id END;
  UPDATE payouts
     SET returned_minor = p_returned, updated_at = now(), failure_code = coalesce(p_failure, failure_code, 'returned'),
         status = CASE WHEN p_returned = amount_minor THEN 'failed' ELSE status END,
         failed_at = CASE WHEN p_returned = amount_minor THEN now() END
   WHERE id = p_payout;
  PERFORM mark_paid_earnings(p.practitioner_id, p.currency, paid_out(p.practitioner_id, p.currency));
  PERFORM post(new_id(), 'payout_returned', 'payout', p_payout, format('payout_returned:%s:%s', p_payout, p_returned),
               p.currency, ARRAY[lies_in, 'earnings_available:' || p.practitioner_id], ARRAY[back, -back]);
  PERFORM tell_payout(p, 'returned:' || p_returned, 'A payout did not arrive',
                      format('%s %s of a payout came back, and is available again (%s).',
                             money_text(back, p.currency), p.currency, coalesce(p_failure, 'returned')));
END $$;

CREATE FUNCTION public.reverse_earning(p_payment uuid, p_kind text, p_reference_type text, p_reference_id uuid, p_cause text, p_amount bigint, p_currency text, p_held text, p_to text, p_lost boolean DEFAULT false) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE accounts text[]; amounts bigint[];
BEGIN
  IF EXISTS (SELECT FROM ledger_transactions WHERE cause = p_cause) THEN
    RETURN false;
  END IF;
  SELECT taken.accounts, taken.amounts INTO accounts, amounts
    FROM take_back_earning(p_payment, p_amount, p_held, p_lost) AS taken;
  RETURN post(new_id(), p_kind, p_reference_type, p_reference_id, p_cause, p_currency,
              accounts || p_to, amounts || -p_amount);
END $$;

CREATE FUNCTION public.reverse_transaction(p_id uuid, p_transaction uuid, p_cause text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  first_one ledger_transactions; codes text[]; amounts bigint[];
BEGIN
  SELECT * INTO STRICT first_one FROM ledger_transactions WHERE id = p_transaction;
  SELECT array_agg(a.code ORDER BY e.line), array_agg(-e.amount_minor ORDER BY e.line) INTO codes, amounts
    FROM ledger_entries e JOIN ledger_accounts a ON a.no = e.account_no WHERE e.transaction_id = p_transaction;
  RETURN post(p_id, first_one.kind || '_reversed', first_one.reference_type, first_one.reference_id, p_cause,
              first_one.currency, codes, amounts, p_transaction);
END $$;

CREATE FUNCTION public.roll_free_days(p_after bigint DEFAULT 0, p_limit integer DEFAULT 200) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_next record;
BEGIN
  FOR v_next IN
    SELECT p.id, p.resource_no FROM practitioners p WHERE p.resource_no > p_after ORDER BY p.resource_no LIMIT p_limit
  LOOP
    PERFORM extend_free_days(v_next.id);
  END LOOP;
  RETURN v_next.resource_no;
END $$;

CREATE FUNCTION public.rotate_refresh(p_hash bytea, p_new_hash bytea, p_lifetime interval, p_grace interval) RETURNS TABLE(outcome text, user_id uuid, family_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_token refresh_tokens;
  v_family refresh_families;
BEGIN
  SELECT f.* INTO v_family FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id
    JOIN users u ON u.id = f.user_id
   WHERE t.token_hash = p_hash AND u.is_active FOR UPDATE OF f;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'unknown', NULL::uuid, NULL::uuid;
    RETURN;
  END IF;
  SELECT t.* INTO v_token FROM refresh_tokens t WHERE t.token_hash = p_hash;
  IF v_family.revoked_at IS NOT NULL THEN
    RETURN QUERY SELECT CASE v_family.revoked_reason WHEN 'token_reused' THEN 'reused' ELSE 'unknown' END,
                        v_family.user_id, v_family.id;
  ELSIF v_token.used_at IS NOT NULL AND (
        clock_timestamp() > v_token.used_at + p_grace
        OR EXISTS (SELECT FROM refresh_tokens s WHERE s.family_id = v_family.id
                      AND s.token_hash <> p_hash AND s.issued_at >= v_token.used_at AND s.used_at IS NOT NULL)) THEN
    UPDATE refresh_families f SET revoked_at = now(), revoked_reason = 'token_reused' WHERE f.id = v_family.id;
    RETURN QUERY SELECT 'reused', v_family.user_id, v_family.id;
  ELSIF v_token.expires_at <= clock_timestamp() THEN
    RETURN QUERY SELECT 'unknown', v_family.user_id, v_family.id;
  ELSE
    UPDATE refresh_tokens t SET used_at = coalesce(t.used_at, clock_timestamp()) WHERE t.token_hash = p_hash;
    INSERT INTO refresh_tokens (token_hash, family_id, issued_at, expires_at)
    VALUES (p_new_hash, v_family.id, clock_timestamp(), clock_timestamp() + p_lifetime);
    RETURN QUERY SELECT 'rotated', v_family.user_id, v_family.id;
  END IF;
END $$;

CREATE FUNCTION public.run_as_engine(p_functions text[], p_callers text[] DEFAULT '{}'::text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE name text; caller text; routine regprocedure;
BEGIN
  FOREACH name IN ARRAY p_functions LOOP
    FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = name LOOP
      EXECUTE format('ALTER FUNCTION %s OWNER TO moorage_engine', routine);
      EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
      FOREACH caller IN ARRAY p_callers LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', routine, caller);
      END LOOP;
    END LOOP;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no function %', name;
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION public.schedule_earnings(p_booking uuid, p_available_at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE earnings SET available_at = p_available_at, updated_at = now() WHERE booking_id = p_booking AND status = 'pending'
$$;

CREATE FUNCTION public.search_free(p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer, p_now timestamp with time zone, p_after bigint DEFAULT 0, p_limit integer DEFAULT 50) RETURNS TABLE(practitioner_id uuid, resource_no bigint, earliest timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT n.id, n.resource_no, earliest_free(n.resource_no, greatest($1, $4), $2, $3)
     FROM (SELECT p.id, p.resource_no FROM practitioners p
           WHERE p.verification_status = ''verified'' AND p.resource_no > $5 AND %s
           ORDER BY p.resource_no LIMIT $6) n ORDER BY n.resource_no',
    free_condition('p.resource_no', p_from, p_to, p_minutes, p_now))
  USING p_from, p_to, p_minutes, p_now, p_after, p_limit;
END $_$;

CREATE FUNCTION public.search_query(p_text text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT to_tsquery('simple', string_agg(quote_literal(lexeme) || ':*', ' & '))
    FROM unnest(to_tsvector('simple', p_text))
$$;

CREATE FUNCTION public.seat_guests(b public.bookings, p_places integer, p_option text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE s record; options text[]; prices bigint[]; agreed jsonb;
BEGIN
  SELECT x.max_participants, x.minimum_minor, EXISTS (SELECT FROM price_options o WHERE o.service_id = x.id) AS has_options
    INTO s FROM services x WHERE x.id = b.service_id;
  IF p_places > s.max_participants THEN
    PERFORM refuse('too_many_participants', format('At most %s can take part.', s.max_participants));
  END IF;
  SELECT array_agg(coalesce(p_option, p.option_name, first.option_name) ORDER BY at.position) INTO options
    FROM generate_series(1, p_places) AS at (position)
    LEFT JOIN booking_participants p ON p.booking_id = b.id AND p.position = at.position
    LEFT JOIN booking_participants first ON first.booking_id = b.id AND first.position = 1;
  SELECT coalesce(jsonb_object_agg(p.option_name, p.price_minor), '{}') INTO agreed
    FROM booking_participants p WHERE p.booking_id = b.id AND p.option_name IS NOT NULL;
  IF NOT (s.has_options AND options <@ ARRAY(SELECT jsonb_object_keys(agreed))) THEN
    prices := price_participants(b.service_id, s.has_options, options, p_places, 0);
  END IF;
  prices := ARRAY(SELECT coalesce((agreed ->> options[at])::bigint, prices[at]) FROM generate_series(1, p_places) AS at
                   ORDER BY at);
  DELETE FROM booking_participants WHERE booking_id = b.id AND position > p_places;
  UPDATE booking_participants SET option_name = options[position], price_minor = prices[position] WHERE booking_id = b.id;
  INSERT INTO booking_participants (booking_id, position, option_name, price_minor)
  SELECT b.id, at, options[at], prices[at] FROM generate_series(1, p_places) AS at
  ON CONFLICT (booking_id, position) DO NOTHING;
  UPDATE bookings SET places = p_places WHERE id = b.id;
  RETURN CASE WHEN s.has_options THEN greatest((SELECT sum(price) FROM unnest(prices) AS price), s.minimum_minor)
              ELSE b.total_minor END;
END $$;

CREATE FUNCTION public.sessions_of(p_booking uuid) RETURNS uuid[]
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce(array_agg(session_id), '{}') FROM bookings
   WHERE (id = p_booking OR parent_id = p_booking) AND session_id IS NOT NULL
$$;

CREATE FUNCTION public.set_practitioner_house(p_practitioner uuid, p_is_house boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden');
  END IF;
  UPDATE practitioners SET is_house = p_is_house, updated_at = now() WHERE id = p_practitioner;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM record_action('practitioner.house', 'practitioner', p_practitioner, jsonb_build_object('is_house', p_is_house));
END $$;

CREATE FUNCTION public.set_practitioner_terms(p_practitioner uuid, p_is_featured boolean, p_commission_bps integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT asking_admin() THEN
    PERFORM refuse('forbidden');
  END IF;
  UPDATE practitioners SET is_featured = p_is_featured, commission_bps = p_commission_bps, updated_at = now()
   WHERE id = p_practitioner;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM record_action('practitioner.terms', 'practitioner', p_practitioner,
                        jsonb_build_object('is_featured', p_is_featured, 'commission_bps', p_commission_bps));
END $$;

CREATE FUNCTION public.settle_answer(p_operation uuid, p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE outcome text;
BEGIN
  outcome := settle_payment(p_payment, p_status, p_amount, p_currency, p_provider_ref, p_method, p_failure, p_reason,
                            p_data, p_now);
  PERFORM close_operation(p_operation, 'answered', p_data, CASE WHEN outcome = 'parked' THEN 'mismatch' END);
  RETURN outcome;
END $$;

CREATE FUNCTION public.settle_event(p_event uuid, p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE outcome text;
BEGIN
  IF EXISTS (SELECT FROM webhook_events w, payments p
              WHERE w.id = p_event AND p.id = p_payment AND p.provider <> w.provider) THEN
    outcome := 'parked';
  ELSE
    outcome := settle_payment(p_payment, p_status, p_amount, p_currency, p_provider_ref, p_method, p_failure, p_reason,
                              p_data, p_now);
  END IF;
  IF outcome <> 'missing' THEN
    PERFORM close_event(p_event, CASE outcome WHEN 'parked' THEN 'parked' WHEN 'impossible' THEN 'ignored'
                                 ELSE 'processed' END,
                        p_status || ': ' || outcome);
  END IF;
  RETURN outcome;
END $$;

CREATE FUNCTION public.settle_external_refund(p_refund uuid, p_payment uuid, p_amount bigint, p_provider_ref text, p_status text, p_data jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p record; recorded uuid;
BEGIN
  SELECT purpose, purpose_id INTO p FROM payments WHERE id = p_payment;
  IF NOT FOUND THEN
    RETURN 'missing';
  END IF;
  PERFORM lock_purpose(p.purpose, p.purpose_id);
  -- Two events of one refund come at once: the second has to see what the first recorded.
  PERFORM FROM payments WHERE id = p_payment FOR UPDATE;
  SELECT r.id INTO recorded FROM refunds r WHERE r.payment_id = p_payment AND r.provider_ref = p_provider_ref;
  IF recorded IS NULL THEN
    IF p_status = 'failed' THEN
      RETURN 'repeated';  -- it never moved any money that we had recorded
    END IF;
    -- A reversal is the dispute itself by another name: its money is held already.
    IF coalesce(p_data ->> 'type', '') NOT LIKE '%.REVERSED' THEN
      PERFORM yield_disputed(p_payment, p_refund, p_amount);
    END IF;
    recorded := record_external_refund(p_refund, p_payment, p_amount, p_provider_ref);
    PERFORM move_refunded(p.purpose, p.purpose_id, p_amount);
  END IF;
  IF p_status = 'pending' THEN
    RETURN 'moved';
  END IF;
  RETURN settle_refund(recorded, p_status = 'succeeded', p_provider_ref, NULL, p_data);
END $$;

CREATE FUNCTION public.settle_payment(p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; outcome text;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment;
  IF NOT FOUND THEN
    RETURN 'missing';
  ELSIF NOT fits_payment(p, p_status, p_amount, p_currency, p_provider_ref, p_data) THEN
    RETURN 'parked';
  END IF;
  IF p_status = 'succeeded' THEN
    PERFORM lock_purpose(p.purpose, p.purpose_id);
    IF p_amount < p.amount_minor THEN
      PERFORM FROM payments WHERE id = p_payment FOR UPDATE;
      PERFORM lower_payment(p_payment, p_amount);
    END IF;
  END IF;
  outcome := record_payment_status(p_payment, p_status, p_reason, p_provider_ref, p_method, p_failure, p_data);
  IF outcome = 'moved' AND p_status = 'succeeded' THEN
    PERFORM apply_payment(p.purpose, p.purpose_id, p_payment, p_amount, p_now);
  ELSIF (p_data ->> 'needs_capture')::boolean THEN
    PERFORM note_capturable(p_payment);
  ELSIF (p_data ->> 'needs_authorization')::boolean THEN
    PERFORM note_approved(p_payment);
  END IF;
  RETURN outcome;
END $$;

CREATE FUNCTION public.settle_payout(p_payout uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payouts;
BEGIN
  UPDATE payouts SET status = 'paid', paid_at = now(), updated_at = now()
   WHERE id = p_payout AND status IN ('requested', 'in_transit') RETURNING * INTO p;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM mark_paid_earnings(p.practitioner_id, p.currency, paid_out(p.practitioner_id, p.currency));
  PERFORM post(new_id(), 'payout_paid', 'payout', p_payout, 'payout_paid:' || p_payout, p.currency,
               ARRAY['payout_in_transit:' || p.practitioner_id, payout_source(p)],
               ARRAY[p.amount_minor - p.returned_minor, p.returned_minor - p.amount_minor]);
  PERFORM tell_payout(p, 'paid', 'A payout has arrived', format('%s %s was paid out to you.',
                      money_text(p.amount_minor - p.returned_minor, p.currency), p.currency));
END $$;

CREATE FUNCTION public.settle_period(p_event uuid, p_id uuid, p_payment uuid, p_provider text, p_told jsonb, p_period jsonb, p_asked_at timestamp with time zone, p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE subscription uuid; payment uuid; outcome text := 'noted';
BEGIN
  subscription := record_subscription(p_id, p_provider, p_told, p_period ->> 'payer_email', p_asked_at);
  IF p_period ->> 'status' IS NOT NULL THEN
    payment := payment_of_period(p_provider, subscription, p_period);
    IF payment IS NULL THEN
      payment := p_payment;
      PERFORM open_period(payment, subscription, p_period);
    END IF;
    outcome := settle_payment(payment, p_period ->> 'status', (p_period ->> 'amount_minor')::bigint,
                              p_period ->> 'currency', p_period ->> 'reference', p_period ->> 'payment_method',
                              p_period ->> 'failure_code', p_provider || '_period', p_period -> 'data', p_now);
  END IF;
  IF p_event IS NOT NULL THEN
    PERFORM close_event(p_event, CASE outcome WHEN 'parked' THEN 'parked' WHEN 'impossible' THEN 'ignored'
                                 ELSE 'processed' END,
                        'subscription ' || (p_told ->> 'status') || coalesce(', period ' || (p_period ->> 'status'), '')
                        || ': ' || outcome);
  END IF;
  RETURN outcome;
END $$;

CREATE FUNCTION public.settle_refund(p_refund uuid, p_succeeded boolean, p_provider_ref text, p_failure text, p_data jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p record; outcome text;
BEGIN
  SELECT pay.purpose, pay.purpose_id, r.amount_minor INTO p
    FROM refunds r JOIN payments pay ON pay.id = r.payment_id WHERE r.id = p_refund;
  IF NOT FOUND THEN
    RETURN 'missing';
  END IF;
  PERFORM lock_purpose(p.purpose, p.purpose_id);
  outcome := record_refund(p_refund, p_succeeded, p_provider_ref, p_failure, p_data);
  IF outcome = 'moved' AND NOT p_succeeded THEN
    PERFORM move_refunded(p.purpose, p.purpose_id, -p.amount_minor);
  END IF;
  RETURN outcome;
END $$;

CREATE FUNCTION public.split_tax(p_amount bigint, p_bps integer, p_inclusive boolean, OUT net_minor bigint, OUT tax_minor bigint, OUT gross_minor bigint) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
  tax_minor := half_up(p_amount::numeric * p_bps, 10000 + CASE WHEN p_inclusive THEN p_bps ELSE 0 END);
  net_minor := CASE WHEN p_inclusive THEN p_amount - tax_minor ELSE p_amount END;
  gross_minor := net_minor + tax_minor;
END $$;

CREATE FUNCTION public.spoken_amount(p_minor bigint, p_currency text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT money_text(p_minor, p_currency) || ' ' || p_currency
$$;

CREATE FUNCTION public.spoken_time(p_at timestamp with time zone, p_zone text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT to_char(coalesce(wall_time(p_zone, p_at), p_at AT TIME ZONE 'UTC'), 'FMDay, FMDD FMMonth YYYY "at" HH24:MI')
         || ' (' || CASE WHEN wall_time(p_zone, p_at) IS NULL THEN 'UTC' ELSE p_zone END || ')'
$$;

CREATE FUNCTION public.stale_days() RETURNS TABLE(day_start timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
  SELECT DISTINCT tallied_day(q.at)
    FROM (SELECT DISTINCT date_bin('15 minutes', f.created_at, 'epoch') AS at FROM payment_facts f
           WHERE f.updated_at >= untallied_since() AND EXISTS (SELECT FROM tallied_days)) AS q
   WHERE tallied_day(q.at) IS NOT NULL
$$;

CREATE FUNCTION public.starts_of(p_services uuid[], p_from timestamp with time zone, p_to timestamp with time zone, p_now timestamp with time zone, p_ignore_booking uuid) RETURNS TABLE(service_id uuid, starts_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
  RETURN QUERY
  SELECT r.id, t.start
  FROM (
    SELECT s.id, p.id AS practitioner_id, p.resource_no, p.timezone AS zone, s.slot_alignment,
           s.duration_minutes * interval '1 minute' AS lasts, s.slot_interval_minutes AS every,
           s.buffer_before_minutes * interval '1 minute' AS before,
           s.buffer_after_minutes * interval '1 minute' AS after, s.daily_limit,
           greatest(p_from, p_now + s.min_notice_minutes * interval '1 minute') AS lo,
           -- never before `lo`: a start within the notice, or beyond the horizon, is an empty stretch
           greatest(p_from, p_now + s.min_notice_minutes * interval '1 minute',
                    CASE WHEN p_to <= p_now + (s.horizon_days - 1) * interval '24 hours' THEN p_to
                         ELSE least(p_to, horizon_end(p.timezone, p_now, s.horizon_days)) END) AS hi
    FROM unnest(p_services) asked(id)
    JOIN services s ON s.id = asked.id
    JOIN practitioners p ON p.id = s.practitioner_id
    WHERE s.is_active AND s.service_type = 'session' AND p.verification_status = 'verified'
    OFFSET 0 -- a fence: what is computed here is computed once
  ) r
  CROSS JOIN LATERAL (
    SELECT -- the compact grid needs the beginning of a stretch: at most two local days and a clock change back
           CASE WHEN r.slot_alignment = 'compact' THEN r.lo - interval '76 hours' ELSE r.lo END AS back,
           -- the unit steps through the grid: the interval itself where it divides its period
           gcd(r.every, CASE WHEN r.every <= 60 THEN 60 ELSE 1440 END) AS unit,
           CASE WHEN r.every <= 60 THEN 60 ELSE 1440 END AS period,
           CASE WHEN r.daily_limit IS NOT NULL
                THEN full_days(r.id, r.zone, r.lo, r.hi, r.daily_limit, p_ignore_booking) END AS full_time
    WHERE r.lo < r.hi -- not so before the notice or behind the horizon
    OFFSET 0
  ) g
  CROSS JOIN LATERAL (
    SELECT range_agg(w.during) - coalesce((
             SELECT range_agg(tstzrange(lower(b.during) - r.after, upper(b.during) + r.before))
             FROM busy_ranges(r.resource_no, g.back - r.before, r.hi + r.lasts + r.after, p_ignore_booking) b),
             '{}') AS stretches
    FROM working_windows(r.practitioner_id, r.zone, g.back, r.hi + r.lasts) w
  ) free
  CROSS JOIN LATERAL unnest(free.stretches) stretch
  CROSS JOIN LATERAL (
    SELECT greatest(lower(stretch), r.lo) AS first_start, upper(stretch) - r.lasts AS last_start
  ) e
  CROSS JOIN LATERAL (
    SELECT n AT TIME ZONE 'UTC' - z.ahead AS start
    FROM zone_stretches(r.zone, e.first_start, e.last_start + interval '1 microsecond') z
    CROSS JOIN LATERAL generate_series(
      date_bin(g.unit * interval '1 minute',
               greatest(e.first_start, z.starts_at) AT TIME ZONE 'UTC' + z.ahead
                 + g.unit * interval '1 minute' - interval '1 microsecond', timestamp '2000-01-01'),
      least(e.last_start, z.ends_at - interval '1 microsecond') AT TIME ZONE 'UTC' + z.ahead,
      g.unit * interval '1 minute') n
    WHERE r.slot_alignment = 'local_hour'
      AND (g.unit = r.every
           OR (extract(hour FROM n)::int * 60 + extract(minute FROM n)::int) % g.period % r.every = 0)
    UNION ALL
    SELECT n
    FROM compact_counts(r.zone, lower(stretch), upper(stretch)) c
    CROSS JOIN LATERAL generate_series(
      date_bin(r.every * interval '1 minute', greatest(e.first_start, c.counts_from)
                 + r.every * interval '1 minute' - interval '1 microsecond', c.counts_from),
      least(e.last_start, c.counts_to - interval '1 microsecond'), r.every * interval '1 minute') n
    WHERE r.slot_alignment = 'compact'
  ) t
  WHERE e.first_start <= e.last_start AND t.start < r.hi
    AND (g.full_time IS NULL OR NOT t.start <@ g.full_time);
END $$;

CREATE FUNCTION public.stop_asking(b public.bookings, p_owed bigint, p_by uuid) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
DECLARE payment uuid; operation uuid; operations uuid[] := '{}';
BEGIN
  FOR payment IN
    SELECT id FROM payments
     WHERE purpose_id = b.id AND purpose LIKE 'booking\_%' AND amount_minor <> p_owed
       AND status IN ('pending', 'requires_action', 'failed') ORDER BY created_at, id
  LOOP
    operation := new_id();
    IF plan_cancel(operation, payment, 'price_changed', p_by) = 'planned'
       AND EXISTS (SELECT FROM provider_operations WHERE id = operation) THEN
      operations := operations || operation;
    END IF;
  END LOOP;
  RETURN operations;
END $$;

CREATE FUNCTION public.stop_collecting(p_booking uuid, p_reason text, p_by uuid DEFAULT NULL::uuid) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
DECLARE payment uuid; operation uuid; operations uuid[] := '{}';
BEGIN
  FOR payment IN
    SELECT id FROM payments
     WHERE purpose_id = p_booking AND status IN ('pending', 'requires_action', 'processing', 'failed')
     ORDER BY created_at, id
  LOOP
    operation := new_id();
    PERFORM plan_cancel(operation, payment, p_reason, p_by);
    IF EXISTS (SELECT FROM provider_operations WHERE id = operation) THEN
      operations := operations || operation;
    END IF;
  END LOOP;
  RETURN operations;
END $$;

CREATE FUNCTION public.stop_hosting(p_invoice uuid, p_reason text, p_but uuid DEFAULT NULL::uuid) RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
DECLARE hosted uuid; operation uuid := new_id();
BEGIN
  SELECT p.id INTO hosted FROM invoices i JOIN payments p ON p.id = i.hosted_payment_id
   WHERE i.id = p_invoice AND p.id IS DISTINCT FROM p_but
     AND p.status IN ('pending', 'requires_action', 'processing', 'failed');
  IF NOT FOUND THEN
    RETURN '{}';
  END IF;
  PERFORM plan_cancel(operation, hosted, p_reason, asking_user());
  RETURN ARRAY(SELECT o.id FROM provider_operations o WHERE o.id = operation);
END $$;

CREATE FUNCTION public.store_events(p_ids uuid[], p_providers text[], p_event_ids text[], p_event_types text[], p_bodies bytea[]) RETURNS boolean[]
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  WITH stored AS (
    INSERT INTO webhook_events (id, provider, event_id, event_type, body)
    SELECT * FROM unnest(p_ids, p_providers, p_event_ids, p_event_types, p_bodies)
           AS come (id, provider, event_id, event_type, body) ORDER BY provider, event_id
    ON CONFLICT (provider, event_id) DO NOTHING RETURNING id
  )
  SELECT array_agg(stored.id IS NOT NULL ORDER BY come.at)
    FROM unnest(p_ids) WITH ORDINALITY AS come (id, at) LEFT JOIN stored ON stored.id = come.id
$$;

CREATE FUNCTION public.sum_lines(p_lines jsonb, OUT net_minor bigint, OUT tax_minor bigint, OUT gross_minor bigint) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
  SELECT sum(l.net_minor), sum(l.tax_minor), sum(l.gross_minor) INTO net_minor, tax_minor, gross_minor
    FROM priced_lines(p_lines) AS l;
  IF gross_minor <= 0 OR tax_minor < 0 THEN
    PERFORM refuse('invalid_lines');
  END IF;
END $$;

CREATE FUNCTION public.summary_end(p_practitioner uuid) RETURNS date
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  RETURN (now() AT TIME ZONE 'UTC')::date + 1
    + coalesce((SELECT greatest(60, max(s.horizon_days)) FROM services s
                WHERE s.practitioner_id = p_practitioner AND s.is_active), 60);
END $$;

CREATE FUNCTION public.summary_follows_horizon() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM extend_free_days(NEW.practitioner_id);
  RETURN NULL;
END $$;

CREATE FUNCTION public.summary_follows_zone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM rebuild_free_days(NEW.id);
  RETURN NULL;
END $$;

CREATE FUNCTION public.take_again(b public.bookings, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF b.starts_at <= p_now THEN
    RETURN false;
  ELSIF cardinality(sessions_of(b.id)) > 0 THEN
    RETURN b.status = 'pending' OR add_places(sessions_of(b.id), b.places);
  END IF;
  RETURN is_free_start(b.service_id, b.starts_at, b.created_at, b.id) AND reclaim(b.id);
END $$;

CREATE FUNCTION public.take_back_earning(p_payment uuid, p_amount bigint, p_held text, p_lost boolean, OUT accounts text[], OUT amounts bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE e earnings; commission bigint; tax bigint;
BEGIN
  SELECT * INTO e FROM earnings WHERE payment_id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    SELECT r.accounts, r.amounts INTO accounts, amounts FROM take_back_receipt(p_payment, p_amount, p_held, p_lost) AS r;
    RETURN;
  END IF;
  commission := half_up(e.commission_minor::numeric * (e.reversed_gross_minor + p_amount), e.gross_minor)
                - e.reversed_commission_minor;
  UPDATE earnings
     SET reversed_gross_minor = reversed_gross_minor + p_amount,
         reversed_commission_minor = reversed_commission_minor + commission,
         status = CASE WHEN reversed_gross_minor + p_amount = gross_minor AND status = 'pending'
                       THEN 'reversed' ELSE status END,
         updated_at = now()
   WHERE id = e.id;
  accounts := ARRAY[CASE WHEN e.is_sale THEN CASE WHEN p_lost THEN 'dispute_losses' ELSE 'sales' END
                         ELSE earning_account(e) END, 'commission', 'tax_payable'];
  tax := CASE WHEN e.is_sale THEN coalesce(take_back_tax(p_payment, p_amount), 0) ELSE 0 END;
  amounts := ARRAY[p_amount - commission - tax, commission, tax];
END $$;

CREATE FUNCTION public.take_back_receipt(p_payment uuid, p_amount bigint, p_held text, p_lost boolean, OUT accounts text[], OUT amounts bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE tax bigint := take_back_tax(p_payment, p_amount);
BEGIN
  accounts := ARRAY[CASE WHEN tax IS NULL THEN p_held WHEN p_lost THEN 'dispute_losses' ELSE 'sales' END, 'tax_payable'];
  amounts := ARRAY[p_amount - coalesce(tax, 0), coalesce(tax, 0)];
END $$;

CREATE FUNCTION public.take_back_tax(p_payment uuid, p_amount bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE r receipts; tax bigint;
BEGIN
  SELECT * INTO r FROM receipts WHERE payment_id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  tax := half_up(r.tax_minor::numeric * (r.reversed_gross_minor + p_amount), r.gross_minor) - r.reversed_tax_minor;
  UPDATE receipts SET reversed_gross_minor = reversed_gross_minor + p_amount,
                      reversed_tax_minor = reversed_tax_minor + tax, updated_at = now()
   WHERE payment_id = p_payment;
  RETURN tax;
END $$;

CREATE FUNCTION public.take_disputed(p public.payments, d public.disputes, p_amount bigint, p_cause text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM reverse_earning(p.id, 'dispute_lost', 'dispute', d.id, p_cause, p_amount, p.currency,
                          CASE WHEN is_sold_at_once(p.purpose) THEN 'dispute_losses' ELSE held_account(p) END,
                          'disputed:' || p.provider, true);
END $$;

CREATE FUNCTION public.take_places(p_booking uuid, p_client uuid, p_service uuid, p_type text, p_session uuid, p_starts timestamp with time zone, p_places integer, p_notice timestamp with time zone, OUT taken boolean, OUT wanted uuid[], OUT first_start timestamp with time zone, OUT last_end timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE b bookings;
BEGIN
  SELECT array_agg(locked.id), min(locked.starts_at), max(locked.ends_at) INTO wanted, first_start, last_end
    FROM (SELECT s.id, s.starts_at, s.ends_at FROM sessions s
           WHERE s.service_id = p_service AND s.status = 'scheduled'
             AND (p_type = 'course' OR s.id = coalesce(p_session, (
                   SELECT t.id FROM sessions t WHERE t.service_id = p_service AND t.status = 'scheduled'
                      AND t.starts_at = p_starts ORDER BY t.id LIMIT 1)))
           ORDER BY s.id FOR UPDATE) AS locked;
  IF wanted IS NULL AND p_session IS NOT NULL
     AND NOT EXISTS (SELECT FROM sessions s WHERE s.id = p_session AND s.service_id = p_service) THEN
    PERFORM refuse('not_found', 'There is no such session.');
  END IF;
  taken := wanted IS NOT NULL AND first_start >= p_notice AND NOT EXISTS (SELECT FROM bookings WHERE id = p_booking);
  IF NOT taken THEN
    RETURN;
  END IF;
  FOR b IN
    SELECT DISTINCT ON (top.id) top.* FROM bookings x JOIN bookings top ON top.id = coalesce(x.parent_id, x.id)
     WHERE x.session_id = ANY (wanted) AND x.status = 'pending' AND top.status = 'pending'
       AND (top.hold_expires_at <= now() OR top.client_id = p_client)
  LOOP
    SELECT * INTO b FROM bookings WHERE id = b.id AND status = 'pending' FOR UPDATE;
    IF FOUND THEN
      PERFORM replace_hold(b);
    END IF;
  END LOOP;
  taken := add_places(wanted, p_places);
END $$;

CREATE FUNCTION public.take_requests(p_caller text, p_window bigint, p_lot integer, p_limit integer) RETURNS TABLE(granted integer, taken integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_taken integer;
  v_left integer;
  v_lot integer;
BEGIN
  INSERT INTO rate_limits AS r (caller, window_no, taken) VALUES (p_caller, p_window, 0) ON CONFLICT DO NOTHING;
  SELECT r.taken INTO v_taken FROM rate_limits r WHERE r.caller = p_caller AND r.window_no = p_window FOR UPDATE;
  v_left := greatest(p_limit - v_taken, 0);
  v_lot := CASE WHEN v_left <= greatest(p_limit / 10, 20) THEN least(v_left, 1) ELSE least(p_lot, v_left) END;
  IF v_lot > 0 THEN
    UPDATE rate_limits r SET taken = r.taken + v_lot WHERE r.caller = p_caller AND r.window_no = p_window;
  END IF;
  RETURN QUERY SELECT v_lot, v_taken + v_lot;
END $$;

CREATE FUNCTION public.take_time(p_booking uuid, p_client uuid, p_service uuid, p_resource bigint, p_starts timestamp with time zone, p_ends timestamp with time zone, p_before integer, p_after integer, p_now timestamp with time zone, p_expires timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
  wanted tstzrange := claim_buffered(p_starts, p_ends, p_before, p_after);
  kind text := CASE WHEN p_expires IS NULL THEN 'booking' ELSE 'hold' END;
BEGIN
  PERFORM pg_advisory_xact_lock(p_resource);
  IF is_free_start(p_service, p_starts, p_now)
     AND claim_time(p_booking, p_resource, wanted, kind, p_expires, p_booking, NULL) THEN
    RETURN true;
  ELSIF NOT make_way(p_booking, p_client, p_service, p_resource, p_starts, p_ends, wanted) THEN
    RETURN false;
  END IF;
  -- A statement of its own: what is stable sees what the statement before it did, not what its own did.
  RETURN is_free_start(p_service, p_starts, p_now)
     AND claim_time(p_booking, p_resource, wanted, kind, p_expires, p_booking, NULL);
END $$;

CREATE FUNCTION public.tallied_day(p_at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
  SELECT near.day_start FROM (SELECT d.day_start, d.day_end FROM tallied_days d WHERE d.day_start <= p_at
                               ORDER BY d.day_start DESC LIMIT 1) AS near WHERE p_at < near.day_end
$$;

CREATE FUNCTION public.tally_begins() RETURNS timestamp with time zone
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT coalesce((SELECT s.first_payment_at FROM tally_state s), (SELECT min(f.created_at) FROM payment_facts f))
$$;

CREATE FUNCTION public.tally_customers() RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE changed uuid[];
BEGIN
  IF NOT EXISTS (SELECT FROM tally_state) THEN
    DELETE FROM customer_tallies;
    INSERT INTO customer_tallies
    SELECT f.currency, f.payer_id, sum(f.amount_minor - f.refunded_minor - f.lost_minor), count(*), min(f.created_at),
           max(f.created_at)
      FROM payment_facts f WHERE f.is_collected AND f.payer_id IS NOT NULL GROUP BY 1, 2;
    RETURN;
  END IF;
  changed := ARRAY(SELECT DISTINCT f.payer_id FROM payment_facts f
                    WHERE f.updated_at >= untallied_since() AND f.payer_id IS NOT NULL);
  DELETE FROM customer_tallies t WHERE t.payer_id = ANY (changed);
  INSERT INTO customer_tallies
  SELECT f.currency, f.payer_id, sum(f.amount_minor - f.refunded_minor - f.lost_minor), count(*), min(f.created_at),
         max(f.created_at)
    FROM payment_facts f WHERE f.payer_id = ANY (changed) AND f.is_collected GROUP BY 1, 2;
END $$;

CREATE FUNCTION public.tally_payments(p_days timestamp with time zone[], p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE starts timestamptz[]; missing integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('moorage.tally_payments', 0));
  DELETE FROM tallied_days d WHERE d.day_start IN (SELECT s.day_start FROM stale_days() AS s)
     OR NOT EXISTS (SELECT FROM days_between(p_days) w WHERE (w.day_start, w.day_end) = (d.day_start, d.day_end));
  SELECT count(*), (array_agg(w.day_start ORDER BY w.day_start DESC))[:p_limit] INTO missing, starts
    FROM days_between(p_days) w WHERE NOT EXISTS (SELECT FROM tallied_days d WHERE d.day_start = w.day_start);
  DELETE FROM payment_tallies t WHERE t.day_start = ANY (starts)
     OR NOT EXISTS (SELECT FROM tallied_days d WHERE d.day_start = t.day_start);
  INSERT INTO payment_tallies
  SELECT w.day_start, c.* FROM days_between(p_days) w, add_up(w.day_start, w.day_end) AS c WHERE w.day_start = ANY (starts);
  INSERT INTO tallied_days SELECT w.* FROM days_between(p_days) w WHERE w.day_start = ANY (starts);
  PERFORM tally_customers();
  INSERT INTO tally_state AS s (no, taken_in_until, first_payment_at) VALUES (1, now(), p_days[1])
  ON CONFLICT (no) DO UPDATE SET taken_in_until = excluded.taken_in_until;
  RETURN missing - coalesce(cardinality(starts), 0);
END $$;

CREATE FUNCTION public.tax_earned_sale() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM tax_sale(NEW.payment_id, 'booking', NEW.booking_id, NEW.gross_minor);
  RETURN NULL;
END $$;

CREATE FUNCTION public.tax_of_payment(p public.payments) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF p.purpose = 'invoice' THEN
    RETURN (SELECT half_up(i.tax_minor::numeric * least(i.gross_minor, i.paid_minor + p.amount_minor), i.gross_minor)
                   - half_up(i.tax_minor::numeric * i.paid_minor, i.gross_minor)
              FROM invoices i WHERE i.id = p.purpose_id);
  ELSIF is_sold_at_once(p.purpose) OR EXISTS (
      SELECT FROM bookings b JOIN practitioners s ON s.id = b.practitioner_id AND s.is_house WHERE b.id = p.purpose_id) THEN
    RETURN (split_tax(p.amount_minor, own_tax_bps(), true)).tax_minor;
  END IF;
  RETURN 0;
END $$;

CREATE FUNCTION public.tax_sale(p_payment uuid, p_type text, p_reference uuid, p_gross bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE p payments; tax bigint;
BEGIN
  SELECT * INTO p FROM payments WHERE id = p_payment;
  tax := least(p_gross, CASE WHEN p.tax_minor > 0 THEN p.tax_minor ELSE tax_of_payment(p) END);
  IF coalesce(tax, 0) = 0 THEN
    RETURN;
  END IF;
  PERFORM record_receipt(p_payment, p_type, p_reference, p_gross, tax, p.currency, 'sales');
  UPDATE payments SET tax_minor = tax WHERE id = p_payment AND tax_minor <> tax;
END $$;

CREATE FUNCTION public.tax_sold_at_once(p_payment uuid) RETURNS void
    LANGUAGE sql
    AS $$
  SELECT tax_sale(p.id, 'payment', p.id, p.amount_minor) FROM payments p
   WHERE p.id = p_payment AND NOT EXISTS (SELECT FROM payment_records r WHERE r.payment_id = p.id)
$$;

CREATE FUNCTION public.taxed_by(p_cause text) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce(sum(l.amount_minor), 0)::bigint
    FROM ledger_transactions t JOIN ledger_entries l ON l.transaction_id = t.id
    JOIN ledger_accounts a ON a.no = l.account_no AND a.code = 'tax_payable'
   WHERE t.cause = p_cause
$$;

CREATE FUNCTION public.tell_booking(p_booking uuid, p_event text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE t record; subject text; line text;
BEGIN
  SELECT b.*, s.title, p.display_name, p.timezone AS practitioner_zone, p.user_id AS practitioner_user,
         c.email AS client_email, concat_ws(' ', nullif(c.first_name, ''), nullif(c.last_name, '')) AS client_name,
         o.email AS practitioner_email
    INTO STRICT t
    FROM bookings b JOIN services s ON s.id = b.service_id JOIN practitioners p ON p.id = b.practitioner_id
    JOIN users c ON c.id = b.client_id JOIN users o ON o.id = p.user_id
   WHERE b.id = p_booking;
  subject := CASE p_event WHEN 'confirmed' THEN 'Confirmed: ' WHEN 'rescheduled' THEN 'New time: '
                          WHEN 'cancelled' THEN 'Cancelled: ' ELSE 'No longer free: ' END || t.title;
  line := CASE p_event
    WHEN 'confirmed' THEN CASE WHEN t.total_minor = 0 THEN 'Nothing is to be paid.'
      WHEN t.paid_minor = 0 THEN 'To be paid at the appointment: ' || spoken_amount(t.total_minor, t.currency) || '.'
      WHEN t.paid_minor < t.total_minor THEN 'Paid: ' || spoken_amount(t.paid_minor, t.currency) || ' of '
                                             || spoken_amount(t.total_minor, t.currency) || '.'
      ELSE 'Paid: ' || spoken_amount(t.paid_minor, t.currency) || '.' END
    WHEN 'cancelled' THEN CASE WHEN t.refunded_minor > 0
      THEN 'On its way back: ' || spoken_amount(t.refunded_minor, t.currency) || '.' ELSE 'Nothing is to be paid back.' END
    WHEN 'not_available' THEN 'The payment came after the hold had expired, and the time was taken by then. '
                              'The whole amount is on its way back.'
    ELSE 'Everything else stays as agreed.' END;
  PERFORM queue_mail(t.client_id, t.client_email, subject,
    concat_ws(E'\n', t.title || ' with ' || t.display_name, spoken_time(t.starts_at, t.timezone), line,
              'Booking ' || t.id),
    format('booking_%s:%s:%s:client', p_event, t.id, t.reschedule_count));
  IF p_event <> 'not_available' THEN
    PERFORM queue_mail(t.practitioner_user, t.practitioner_email, subject,
      concat_ws(E'\n', t.title || ' for ' || t.client_name, spoken_time(t.starts_at, t.practitioner_zone), line,
                nullif(t.special_requests, ''), 'Booking ' || t.id),
      format('booking_%s:%s:%s:practitioner', p_event, t.id, t.reschedule_count));
  END IF;
END $$;

CREATE FUNCTION public.tell_payee_refused(p_provider text, p_provider_ref text, p_failure text, p_event uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM queue_mail(u.id, u.email, 'Your bank has refused a payout', format(
                     'Your bank did not take what %s paid out to it (%s). The money is in your account there: put your bank'
                     ' details right, and it is sent again.', initcap(p_provider), p_failure), 'payee_refused:' || p_event)
     FROM payees y JOIN practitioners r ON r.id = y.practitioner_id JOIN users u ON u.id = r.user_id
    WHERE y.provider = p_provider AND y.provider_ref = p_provider_ref;
END $$;

CREATE FUNCTION public.tell_payout(p public.payouts, p_what text, p_subject text, p_body text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM queue_mail(u.id, u.email, p_subject, p_body, format('payout_%s:%s', p_what, p.id))
     FROM practitioners r JOIN users u ON u.id = r.user_id WHERE r.id = p.practitioner_id;
END $$;

CREATE FUNCTION public.unblock_time(p_block uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v_block record;
BEGIN
  SELECT p.id AS practitioner_id, p.resource_no INTO v_block
  FROM claims c JOIN practitioners p ON p.resource_no = c.resource_no
  WHERE c.id = p_block AND c.kind = 'block' AND c.active;
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM require_practitioner(v_block.practitioner_id);
  PERFORM deactivate_claim(p_block, v_block.resource_no);
END $$;

CREATE FUNCTION public.uncount_invoice_payment(p_payment uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE i invoices; counted bigint;
BEGIN
  FOR i IN SELECT x.* FROM invoices x
            WHERE x.id IN (SELECT c.invoice_id FROM invoice_payments c WHERE c.payment_id = p_payment)
            ORDER BY x.no FOR UPDATE LOOP
    DELETE FROM invoice_payments WHERE invoice_id = i.id AND payment_id = p_payment RETURNING amount_minor INTO counted;
    UPDATE invoices SET paid_minor = paid_minor - counted, paid_at = NULL, updated_at = now(),
                        status = CASE status WHEN 'paid' THEN 'open' ELSE status END
     WHERE id = i.id;
    PERFORM note_invoice(i.id, 'bounced', jsonb_build_object('payment_id', p_payment, 'amount_minor', counted));
    PERFORM queue_mail(i.customer_id, invoice_address(i), 'Open again: invoice ' || i.number,
      format('The payment of %s for invoice %s did not come through. '
             'Any receipt for it is void, and the amount is owed again.',
             spoken_amount(counted, i.currency), i.number),
      format('invoice_bounced:%s:%s', i.id, p_payment)) WHERE i.status <> 'void';
  END LOOP;
END $$;

CREATE FUNCTION public.untallied_since() RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce((SELECT taken_in_until - interval '5 minutes' FROM tally_state), '-infinity')
$$;

CREATE FUNCTION public.void_invoice(p_invoice uuid, p_reason text, p_now timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE i invoices;
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to void.');
  i := lock_whole_invoice(p_invoice);
  IF i.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such invoice.');
  ELSIF i.status = 'void' THEN
    RETURN '{}';
  ELSIF i.status = 'draft' OR i.paid_minor > 0 THEN
    PERFORM refuse('invalid_state', CASE WHEN i.status = 'draft' THEN 'A draft has no number to void.'
                                    ELSE 'Money was paid for this invoice: refund that instead.' END);
  END IF;
  RETURN close_invoice(p_invoice, p_reason, p_now) || stop_collecting(p_invoice, 'invoice_void', asking_user());
END $$;

CREATE FUNCTION public.void_invoices_of_cancelled(p_now timestamp with time zone, p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE stale uuid; voided integer := 0;
BEGIN
  FOR stale IN SELECT i.id FROM invoices i JOIN bookings b ON b.id = i.booking_id
                WHERE i.status = 'open' AND b.status = 'cancelled' AND i.paid_minor = 0
                ORDER BY i.id LIMIT p_limit FOR UPDATE OF i SKIP LOCKED LOOP
    PERFORM close_invoice(stale, 'booking_cancelled', p_now);
    voided := voided + 1;
  END LOOP;
  RETURN voided;
END $$;

CREATE FUNCTION public.wall_time(p_zone text, p_at timestamp with time zone) RETURNS timestamp without time zone
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  RETURN (SELECT p_at AT TIME ZONE 'UTC' + z.offset_minutes * interval '1 minute' FROM zone_offsets z
          WHERE z.zone = p_zone AND z.starts_at <= p_at AND z.ends_at > p_at);
END $$;

CREATE FUNCTION public.who_asks(p_user uuid, p_family uuid) RETURNS TABLE(role text, is_active boolean, is_revoked boolean, practitioner_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT u.role, u.is_active,
         p_family IS NOT NULL AND (f.id IS NULL OR f.revoked_at IS NOT NULL),
         p.id
    FROM users u
    LEFT JOIN refresh_families f ON f.id = p_family AND f.user_id = u.id
    LEFT JOIN practitioners p ON p.user_id = u.id
   WHERE u.id = p_user
$$;

CREATE FUNCTION public.whole_units(p_minor bigint, p_currency text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT p_minor / power(10::numeric, currency_exponent(p_currency))
$$;

CREATE FUNCTION public.withdraw_quote(p_quote uuid, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE q quotes;
BEGIN
  PERFORM check_may_invoice('Quotes are for administrators to withdraw.');
  SELECT * INTO q FROM quotes WHERE id = p_quote FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('not_found', 'There is no such quote.');
  ELSIF q.status NOT IN ('open', 'withdrawn') THEN
    PERFORM refuse('invalid_state', format('This quote was %s.', q.status));
  ELSIF q.status = 'open' THEN
    UPDATE quotes SET status = 'withdrawn', decided_at = p_now, updated_at = now() WHERE id = p_quote;
  END IF;
END $$;

CREATE FUNCTION public.withdraw_service(p_service uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  v record;
BEGIN
  SELECT p.id AS practitioner_id, p.resource_no INTO v
    FROM services s JOIN practitioners p ON p.id = s.practitioner_id
   WHERE s.id = p_service AND (p.user_id = asking_user() OR asking_admin());
  IF NOT FOUND THEN
    PERFORM refuse('not_found');
  END IF;
  PERFORM pg_advisory_xact_lock(v.resource_no);
  PERFORM 1 FROM sessions WHERE service_id = p_service ORDER BY id FOR UPDATE;
  PERFORM 1 FROM services WHERE id = p_service FOR UPDATE;
  BEGIN
    DELETE FROM sessions WHERE service_id = p_service;
    DELETE FROM services WHERE id = p_service;
    PERFORM rebuild_free_days(v.practitioner_id); -- the claims of its dates went with them
    RETURN true;
  EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
    -- Something was booked: what refers to a service is the database's to know (by either name, as versions differ).
    NULL;
  END;
  UPDATE services SET is_active = false, updated_at = now() WHERE id = p_service;
  PERFORM release_session_claim(e.id) FROM (
    SELECT s.id FROM sessions s
     WHERE s.service_id = p_service AND s.status = 'scheduled' AND s.places_taken = 0 AND s.starts_at > now()
     ORDER BY s.id) e;
  UPDATE sessions SET status = 'cancelled', updated_at = now()
   WHERE service_id = p_service AND status = 'scheduled' AND places_taken = 0 AND starts_at > now();
  RETURN false;
END $$;

CREATE FUNCTION public.working_time(p_practitioner uuid, p_from timestamp with time zone, p_to timestamp with time zone) RETURNS tstzmultirange
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  RETURN (SELECT coalesce(range_agg(w.during), '{}') FROM practitioners p
          CROSS JOIN LATERAL working_windows(p.id, p.timezone, p_from, p_to) w WHERE p.id = p_practitioner);
END $$;

CREATE FUNCTION public.working_windows(p_practitioner uuid, p_zone text, p_from timestamp with time zone, p_to timestamp with time zone) RETURNS TABLE(during tstzrange)
    LANGUAGE sql STABLE
    AS $$
  SELECT tstzrange(r.opens, r.closes)
  FROM zone_stretches(p_zone, p_from, p_to) z
  CROSS JOIN LATERAL (SELECT greatest(z.starts_at, p_from) AS lo, least(z.ends_at, p_to) AS hi) s
  CROSS JOIN LATERAL local_windows(p_practitioner, (s.lo AT TIME ZONE 'UTC' + z.ahead)::date - 1,
                                   (s.hi AT TIME ZONE 'UTC' + z.ahead)::date) w
  CROSS JOIN LATERAL (SELECT greatest(s.lo, w.opens AT TIME ZONE 'UTC' - z.ahead) AS opens,
                             least(s.hi, w.closes AT TIME ZONE 'UTC' - z.ahead) AS closes) r
  WHERE r.opens < r.closes
$$;

CREATE FUNCTION public.write_off_invoice(p_invoice uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE i invoices;
BEGIN
  PERFORM check_may_invoice('Invoices are for administrators to write off.');
  i := lock_whole_invoice(p_invoice);
  IF i.id IS NULL THEN
    PERFORM refuse('not_found', 'There is no such invoice.');
  ELSIF i.status NOT IN ('open', 'uncollectible') THEN
    PERFORM refuse('invalid_state', format('This invoice is %s.', i.status));
  ELSIF i.status = 'open' THEN
    UPDATE invoices SET status = 'uncollectible', updated_at = now() WHERE id = p_invoice;
    PERFORM note_invoice(p_invoice, 'written_off');
    PERFORM stop_hosting(p_invoice, 'invoice_written_off');
  END IF;
END $$;

CREATE FUNCTION public.yield_disputed(p_payment uuid, p_refund uuid, p_amount bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE p payments; d disputes; short bigint; part bigint;
BEGIN
  SELECT * INTO STRICT p FROM payments WHERE id = p_payment;
  short := p_amount - (p.amount_minor - p.refunded_minor - p.refund_pending_minor - p.disputed_minor);
  IF p.status <> 'disputed' THEN
    RETURN;
  END IF;
  FOR d IN SELECT * FROM disputes WHERE payment_id = p_payment AND closed_at IS NULL AND held_minor > 0
            ORDER BY created_at DESC, id DESC LOOP
    part := least(d.held_minor, short);
    EXIT WHEN part <= 0;
    short := short - part;
    UPDATE disputes SET held_minor = held_minor - part, updated_at = now() WHERE id = d.id;
    UPDATE payments SET disputed_minor = disputed_minor - part, updated_at = now() WHERE id = p_payment;
    PERFORM post(new_id(), 'dispute_lowered', 'dispute', d.id, format('dispute_lowered:%s:%s', d.id, p_refund), p.currency,
                 ARRAY['clearing:' || p.provider, 'disputed:' || p.provider], ARRAY[part, -part]);
  END LOOP;
  IF NOT EXISTS (SELECT FROM disputes WHERE payment_id = p_payment AND closed_at IS NULL AND held_minor > 0) THEN
    PERFORM hold_earning(p_payment, NULL);
  END IF;
END $$;

CREATE FUNCTION public.zone_stretches(p_zone text, p_from timestamp with time zone, p_to timestamp with time zone) RETURNS TABLE(starts_at timestamp with time zone, ends_at timestamp with time zone, ahead interval)
    LANGUAGE sql STABLE
    AS $$
  SELECT z.starts_at, z.ends_at, z.offset_minutes * interval '1 minute' FROM zone_offsets z
  WHERE z.zone = p_zone AND z.starts_at < p_to AND z.ends_at > p_from
$$;

CREATE TABLE public.account_links (
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT ck_account_links_purpose_known CHECK ((purpose = ANY (ARRAY['verify_email'::text, 'reset_password'::text, 'sign_in'::text])))
);

ALTER TABLE ONLY public.account_links FORCE ROW LEVEL SECURITY;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.audit_log (
    no bigint NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid,
    details jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.audit_log FORCE ROW LEVEL SECURITY;

ALTER TABLE public.audit_log ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.booking_participants (
    booking_id uuid NOT NULL,
    "position" smallint NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    email text,
    option_name text,
    price_minor bigint NOT NULL,
    attended boolean,
    notes text DEFAULT ''::text NOT NULL
);

ALTER TABLE ONLY public.booking_participants FORCE ROW LEVEL SECURITY;

CREATE TABLE public.categories (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.claims (
    id uuid NOT NULL,
    resource_no bigint NOT NULL,
    during tstzrange NOT NULL,
    kind text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    expires_at timestamp with time zone,
    booking_id uuid,
    session_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_claims_bounded CHECK (((NOT isempty(during)) AND (lower(during) IS NOT NULL) AND (upper(during) IS NOT NULL))),
    CONSTRAINT ck_claims_holds_expire CHECK (((kind = 'hold'::text) = (expires_at IS NOT NULL))),
    CONSTRAINT ck_claims_kind_known CHECK ((kind = ANY (ARRAY['hold'::text, 'booking'::text, 'block'::text])))
);

ALTER TABLE ONLY public.claims FORCE ROW LEVEL SECURITY;

CREATE TABLE public.customer_tallies (
    currency text NOT NULL,
    payer_id uuid NOT NULL,
    spent_minor bigint NOT NULL,
    payments bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_customer_tallies_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text))
);

ALTER TABLE ONLY public.customer_tallies FORCE ROW LEVEL SECURITY;

CREATE TABLE public.date_overrides (
    practitioner_id uuid NOT NULL,
    date date NOT NULL,
    start_minutes smallint[] NOT NULL,
    lengths_minutes smallint[] NOT NULL,
    CONSTRAINT ck_date_overrides_length_range CHECK (((1 <= ALL (lengths_minutes)) AND (1440 >= ALL (lengths_minutes)))),
    CONSTRAINT ck_date_overrides_pairs CHECK ((cardinality(start_minutes) = cardinality(lengths_minutes))),
    CONSTRAINT ck_date_overrides_start_range CHECK (((0 <= ALL (start_minutes)) AND (1439 >= ALL (start_minutes))))
);

CREATE VIEW public.dispute_facts WITH (security_invoker='true') AS
 SELECT id,
    payment_id,
    created_at,
    currency,
    status,
    reason,
    amount_minor
   FROM public.disputes;

CREATE TABLE public.external_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    is_admin boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.external_identities FORCE ROW LEVEL SECURITY;

CREATE TABLE public.free_days (
    resource_no bigint NOT NULL,
    day date NOT NULL,
    bits bit(288) NOT NULL,
    ragged boolean DEFAULT false NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.idempotency_keys (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    subject_id uuid NOT NULL,
    state text DEFAULT 'running'::text NOT NULL,
    locked_until timestamp with time zone NOT NULL,
    status integer,
    content_type text,
    body bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_idempotency_keys_state_known CHECK ((state = ANY (ARRAY['running'::text, 'answered'::text])))
);

ALTER TABLE ONLY public.idempotency_keys FORCE ROW LEVEL SECURITY;

CREATE TABLE public.invoice_events (
    no bigint NOT NULL,
    invoice_id uuid NOT NULL,
    kind text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    changed_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_invoice_events_kind_known CHECK ((kind = ANY (ARRAY['drafted'::text, 'issued'::text, 'reminded'::text, 'part_paid'::text, 'paid'::text, 'bounced'::text, 'refunded'::text, 'voided'::text, 'written_off'::text])))
);

ALTER TABLE ONLY public.invoice_events FORCE ROW LEVEL SECURITY;

ALTER TABLE public.invoice_events ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.invoice_events_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.invoice_lines (
    invoice_id uuid NOT NULL,
    "position" smallint NOT NULL,
    description text NOT NULL,
    quantity integer DEFAULT 1 NOT NULL,
    unit_minor bigint NOT NULL,
    tax_bps integer DEFAULT 0 NOT NULL,
    tax_inclusive boolean DEFAULT true NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    gross_minor bigint NOT NULL,
    CONSTRAINT ck_invoice_lines_amount CHECK (((quantity * unit_minor) =
CASE
    WHEN tax_inclusive THEN gross_minor
    ELSE net_minor
END)),
    CONSTRAINT ck_invoice_lines_quantity_range CHECK (((quantity >= 1) AND (quantity <= 100000))),
    CONSTRAINT ck_invoice_lines_tax_range CHECK (((tax_bps >= 0) AND (tax_bps <= 10000))),
    CONSTRAINT ck_invoice_lines_totals CHECK (((net_minor + tax_minor) = gross_minor))
);

ALTER TABLE ONLY public.invoice_lines FORCE ROW LEVEL SECURITY;

CREATE TABLE public.invoice_payments (
    invoice_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_invoice_payments_amount_positive CHECK ((amount_minor > 0))
);

ALTER TABLE ONLY public.invoice_payments FORCE ROW LEVEL SECURITY;

CREATE TABLE public.invoice_series (
    series text NOT NULL,
    last_no bigint DEFAULT '0'::bigint NOT NULL
);

ALTER TABLE ONLY public.invoice_series FORCE ROW LEVEL SECURITY;

CREATE TABLE public.ledger_accounts (
    no bigint NOT NULL,
    code text NOT NULL,
    currency text NOT NULL,
    kind text NOT NULL,
    owner_id uuid,
    guarded boolean DEFAULT false NOT NULL,
    shards smallint DEFAULT '1'::smallint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_ledger_accounts_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_ledger_accounts_guarded_is_one_row CHECK (((NOT guarded) OR (shards = 1))),
    CONSTRAINT ck_ledger_accounts_kind_known CHECK ((kind = ANY (ARRAY['asset'::text, 'liability'::text, 'income'::text, 'expense'::text]))),
    CONSTRAINT ck_ledger_accounts_shards_range CHECK (((shards >= 1) AND (shards <= 256)))
);

ALTER TABLE ONLY public.ledger_accounts FORCE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_accounts ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_accounts_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ledger_balances (
    account_no bigint NOT NULL,
    shard smallint NOT NULL,
    balance_minor bigint DEFAULT '0'::bigint NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.ledger_balances FORCE ROW LEVEL SECURITY;

CREATE TABLE public.ledger_entries (
    transaction_id uuid NOT NULL,
    line smallint NOT NULL,
    account_no bigint NOT NULL,
    amount_minor bigint NOT NULL,
    balance_after_minor bigint,
    CONSTRAINT ck_ledger_entries_amount_not_zero CHECK ((amount_minor <> 0))
);

ALTER TABLE ONLY public.ledger_entries FORCE ROW LEVEL SECURITY;

CREATE TABLE public.ledger_transactions (
    id uuid NOT NULL,
    kind text NOT NULL,
    reference_type text NOT NULL,
    reference_id uuid NOT NULL,
    cause text NOT NULL,
    currency text NOT NULL,
    reverses_id uuid,
    seal bytea NOT NULL,
    posted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_ledger_transactions_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text))
);

ALTER TABLE ONLY public.ledger_transactions FORCE ROW LEVEL SECURITY;

CREATE TABLE public.mails (
    id uuid NOT NULL,
    user_id uuid,
    recipient text NOT NULL,
    subject text NOT NULL,
    body_text text NOT NULL,
    cause text NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    error text,
    attempts integer DEFAULT 0 NOT NULL,
    sent_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_mails_status_known CHECK ((status = ANY (ARRAY['queued'::text, 'sent'::text, 'kept'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.mails FORCE ROW LEVEL SECURITY;

CREATE TABLE public.outside_busy (
    id uuid NOT NULL,
    resource_no bigint NOT NULL,
    source text NOT NULL,
    during tstzrange NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_outside_busy_bounded CHECK (((NOT isempty(during)) AND (lower(during) IS NOT NULL) AND (upper(during) IS NOT NULL)))
);

ALTER TABLE ONLY public.outside_busy FORCE ROW LEVEL SECURITY;

CREATE TABLE public.payment_audit (
    id uuid DEFAULT (encode(set_bit(set_bit(OVERLAY(uuid_send(gen_random_uuid()) PLACING SUBSTRING(int8send(((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint) FROM 3) FROM 1 FOR 6), (52)::bigint, 1), (53)::bigint, 1), 'hex'::text))::uuid NOT NULL,
    no bigint NOT NULL,
    payment_id uuid NOT NULL,
    old_status text,
    new_status text NOT NULL,
    change_reason text NOT NULL,
    provider_data jsonb,
    changed_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_payment_audit_new_status_known CHECK ((new_status = ANY (ARRAY['pending'::text, 'requires_action'::text, 'processing'::text, 'succeeded'::text, 'partially_refunded'::text, 'refunded'::text, 'disputed'::text, 'charged_back'::text, 'failed'::text, 'canceled'::text]))),
    CONSTRAINT ck_payment_audit_old_status_known CHECK ((old_status = ANY (ARRAY['pending'::text, 'requires_action'::text, 'processing'::text, 'succeeded'::text, 'partially_refunded'::text, 'refunded'::text, 'disputed'::text, 'charged_back'::text, 'failed'::text, 'canceled'::text])))
);

ALTER TABLE ONLY public.payment_audit FORCE ROW LEVEL SECURITY;

ALTER TABLE public.payment_audit ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payment_audit_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.payment_facts WITH (security_invoker='true') AS
 SELECT id,
    created_at,
    updated_at,
    currency,
    status,
    payer_id,
    purpose_id,
    public.payment_type(purpose) AS payment_type,
    public.method_kind(payment_method, provider) AS method,
    provider,
    amount_minor,
    refunded_minor,
        CASE
            WHEN (status = 'charged_back'::text) THEN disputed_minor
            ELSE (0)::bigint
        END AS lost_minor,
    (succeeded_at IS NOT NULL) AS is_collected,
    ((status = 'failed'::text) OR ((status = 'canceled'::text) AND (failure_code IS NOT NULL))) AS is_failed
   FROM public.payments;

CREATE VIEW public.payment_overview WITH (security_invoker='true') AS
 SELECT id,
    payer_id AS user_id,
    purpose,
    purpose_id,
    (public.money_text(amount_minor, currency))::numeric AS amount,
    (public.money_text(refunded_minor, currency))::numeric AS amount_refunded,
    currency,
        CASE provider
            WHEN 'manual'::text THEN COALESCE(payment_method, provider)
            ELSE provider
        END AS payment_method,
    status,
        CASE provider
            WHEN 'stripe'::text THEN COALESCE((provider_ids ->> 'payment_intent'::text), "substring"(provider_ref, '^pi_.*'::text))
            ELSE NULL::text
        END AS stripe_payment_intent_id,
        CASE provider
            WHEN 'stripe'::text THEN (provider_ids ->> 'customer'::text)
            ELSE NULL::text
        END AS stripe_customer_id,
        CASE provider
            WHEN 'stripe'::text THEN (provider_ids ->> 'charge'::text)
            ELSE NULL::text
        END AS stripe_charge_id,
        CASE provider
            WHEN 'paypal'::text THEN provider_ref
            ELSE NULL::text
        END AS paypal_order_id,
        CASE provider
            WHEN 'paypal'::text THEN (provider_ids ->> 'capture'::text)
            ELSE NULL::text
        END AS paypal_payment_id,
        CASE provider
            WHEN 'paypal'::text THEN (provider_ids ->> 'payer'::text)
            ELSE NULL::text
        END AS paypal_payer_id,
    metadata,
    succeeded_at AS payment_date,
    created_at,
    updated_at
   FROM public.payments;

CREATE TABLE public.payment_records (
    payment_id uuid NOT NULL,
    gateway_payment_id text NOT NULL,
    checkout_session_id text,
    payment_method_id text,
    payment_method_types text[] DEFAULT '{}'::text[] NOT NULL,
    customer_id text,
    customer_email text,
    booking_no bigint,
    property_no bigint,
    description text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.payment_records FORCE ROW LEVEL SECURITY;

CREATE VIEW public.payment_summary WITH (security_invoker='true') AS
 SELECT
        CASE provider
            WHEN 'manual'::text THEN COALESCE(payment_method, provider)
            ELSE provider
        END AS payment_method,
    status,
    currency,
    count(*) AS payment_count,
    round((sum(amount_minor) / power((10)::numeric, (public.currency_exponent(currency))::numeric)), public.currency_exponent(currency)) AS total_amount
   FROM public.payments
  GROUP BY
        CASE provider
            WHEN 'manual'::text THEN COALESCE(payment_method, provider)
            ELSE provider
        END, status, currency;

CREATE TABLE public.payment_tallies (
    day_start timestamp with time zone NOT NULL,
    currency text NOT NULL,
    payment_type text NOT NULL,
    method text NOT NULL,
    payments bigint NOT NULL,
    collected bigint NOT NULL,
    failed bigint NOT NULL,
    canceled bigint NOT NULL,
    orders bigint NOT NULL,
    given_back bigint NOT NULL,
    gross_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    lost_minor bigint NOT NULL,
    CONSTRAINT ck_payment_tallies_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text))
);

ALTER TABLE ONLY public.payment_tallies FORCE ROW LEVEL SECURITY;

ALTER TABLE public.payments ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payments_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.payout_weeks (
    week date NOT NULL,
    finished_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.payout_weeks FORCE ROW LEVEL SECURITY;

CREATE TABLE public.pgqueuer (
    id bigint NOT NULL,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    execute_after timestamp with time zone DEFAULT now() NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    slot bigint
);

CREATE SEQUENCE public.pgqueuer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_id_seq OWNED BY public.pgqueuer.id;

CREATE TABLE public.pgqueuer_log (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    job_id bigint NOT NULL,
    status public.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

ALTER TABLE public.pgqueuer_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgqueuer_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pgqueuer_schedules (
    id bigint NOT NULL,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    next_run timestamp with time zone DEFAULT now() NOT NULL,
    last_run timestamp with time zone,
    status public.pgqueuer_status DEFAULT 'queued'::public.pgqueuer_status
);

CREATE SEQUENCE public.pgqueuer_schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_schedules_id_seq OWNED BY public.pgqueuer_schedules.id;

CREATE TABLE public.pgqueuer_statistics (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT date_trunc('sec'::text, now()) NOT NULL,
    count bigint NOT NULL,
    priority integer NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE SEQUENCE public.pgqueuer_statistics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_statistics_id_seq OWNED BY public.pgqueuer_statistics.id;

CREATE TABLE public.portal_links (
    token_hash bytea NOT NULL,
    email text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.portal_links FORCE ROW LEVEL SECURITY;

CREATE TABLE public.practitioner_locations (
    id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    city text NOT NULL,
    state text DEFAULT ''::text NOT NULL,
    country text NOT NULL,
    lat double precision,
    lng double precision,
    is_primary boolean DEFAULT false NOT NULL,
    is_virtual boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_practitioner_locations_lat_with_lng CHECK (((lat IS NULL) = (lng IS NULL))),
    CONSTRAINT ck_practitioner_locations_on_earth CHECK ((((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision)) AND ((lng >= ('-180'::integer)::double precision) AND (lng <= (180)::double precision))))
);

ALTER TABLE ONLY public.practitioner_locations FORCE ROW LEVEL SECURITY;

CREATE TABLE public.practitioner_months (
    practitioner_id uuid NOT NULL,
    month date NOT NULL,
    currency text NOT NULL,
    gross_minor bigint NOT NULL,
    CONSTRAINT ck_practitioner_months_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_practitioner_months_gross_not_negative CHECK ((gross_minor >= 0))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.practitioner_months FORCE ROW LEVEL SECURITY;

CREATE TABLE public.practitioners (
    id uuid NOT NULL,
    resource_no bigint NOT NULL,
    user_id uuid NOT NULL,
    display_name text NOT NULL,
    bio text DEFAULT ''::text NOT NULL,
    timezone text NOT NULL,
    specializations text[] DEFAULT '{}'::text[] NOT NULL,
    certifications text[] DEFAULT '{}'::text[] NOT NULL,
    verification_status text DEFAULT 'pending'::text NOT NULL,
    verification_reason text,
    verified_by uuid,
    verified_at timestamp with time zone,
    is_featured boolean DEFAULT false NOT NULL,
    is_house boolean DEFAULT false NOT NULL,
    commission_bps integer,
    stripe_account_id text,
    specialization_keys text[] DEFAULT '{}'::text[] NOT NULL,
    search_words tsvector DEFAULT ''::tsvector NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_practitioners_commission_bps_range CHECK (((commission_bps >= 0) AND (commission_bps <= 10000))),
    CONSTRAINT ck_practitioners_verification_status_known CHECK ((verification_status = ANY (ARRAY['pending'::text, 'verified'::text, 'rejected'::text])))
);

ALTER TABLE ONLY public.practitioners FORCE ROW LEVEL SECURITY;

ALTER TABLE public.practitioners ALTER COLUMN resource_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.practitioners_resource_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.price_options (
    id uuid NOT NULL,
    service_id uuid NOT NULL,
    "position" smallint NOT NULL,
    name text NOT NULL,
    price_minor bigint NOT NULL,
    CONSTRAINT ck_price_options_price_not_negative CHECK ((price_minor >= 0))
);

ALTER TABLE ONLY public.price_options FORCE ROW LEVEL SECURITY;

CREATE TABLE public.provider_cursors (
    provider text NOT NULL,
    polled_until timestamp with time zone NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.provider_cursors FORCE ROW LEVEL SECURITY;

CREATE TABLE public.provider_customers (
    id uuid NOT NULL,
    provider text NOT NULL,
    provider_ref text NOT NULL,
    user_id uuid,
    email text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.provider_customers FORCE ROW LEVEL SECURITY;

CREATE TABLE public.provider_operations (
    id uuid NOT NULL,
    provider text NOT NULL,
    kind text NOT NULL,
    payment_id uuid,
    refund_id uuid,
    payout_id uuid,
    status text DEFAULT 'planned'::text NOT NULL,
    request jsonb DEFAULT '{}'::jsonb NOT NULL,
    answer jsonb,
    error text,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    called_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_provider_operations_kind_known CHECK ((kind = ANY (ARRAY['create'::text, 'confirm'::text, 'authorize'::text, 'capture'::text, 'cancel'::text, 'refund'::text, 'transfer'::text, 'reverse'::text]))),
    CONSTRAINT ck_provider_operations_kind_of_its_thing CHECK (((kind = ANY (ARRAY['transfer'::text, 'reverse'::text])) = (payout_id IS NOT NULL))),
    CONSTRAINT ck_provider_operations_of_one_thing CHECK ((num_nonnulls(payment_id, payout_id) = 1)),
    CONSTRAINT ck_provider_operations_status_known CHECK ((status = ANY (ARRAY['planned'::text, 'called'::text, 'answered'::text, 'unknown'::text, 'abandoned'::text])))
);

ALTER TABLE ONLY public.provider_operations FORCE ROW LEVEL SECURITY;

CREATE TABLE public.provider_products (
    id uuid NOT NULL,
    provider text NOT NULL,
    kind text NOT NULL,
    local_key text NOT NULL,
    provider_ref text NOT NULL,
    digest text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_provider_products_kind_known CHECK ((kind = ANY (ARRAY['product'::text, 'price'::text])))
);

ALTER TABLE ONLY public.provider_products FORCE ROW LEVEL SECURITY;

CREATE TABLE public.quote_lines (
    quote_id uuid NOT NULL,
    "position" smallint NOT NULL,
    description text NOT NULL,
    quantity integer DEFAULT 1 NOT NULL,
    unit_minor bigint NOT NULL,
    tax_bps integer DEFAULT 0 NOT NULL,
    tax_inclusive boolean DEFAULT true NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    gross_minor bigint NOT NULL,
    CONSTRAINT ck_quote_lines_amount CHECK (((quantity * unit_minor) =
CASE
    WHEN tax_inclusive THEN gross_minor
    ELSE net_minor
END)),
    CONSTRAINT ck_quote_lines_quantity_range CHECK (((quantity >= 1) AND (quantity <= 100000))),
    CONSTRAINT ck_quote_lines_tax_range CHECK (((tax_bps >= 0) AND (tax_bps <= 10000))),
    CONSTRAINT ck_quote_lines_totals CHECK (((net_minor + tax_minor) = gross_minor))
);

ALTER TABLE ONLY public.quote_lines FORCE ROW LEVEL SECURITY;

CREATE UNLOGGED TABLE public.rate_limits (
    caller text NOT NULL,
    window_no bigint NOT NULL,
    taken integer NOT NULL
);

ALTER TABLE ONLY public.rate_limits FORCE ROW LEVEL SECURITY;

CREATE TABLE public.receipts (
    payment_id uuid NOT NULL,
    reference_id uuid NOT NULL,
    currency text NOT NULL,
    gross_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    reversed_gross_minor bigint DEFAULT '0'::bigint NOT NULL,
    reversed_tax_minor bigint DEFAULT '0'::bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_receipts_amounts CHECK (((gross_minor > 0) AND ((tax_minor >= 0) AND (tax_minor <= gross_minor)))),
    CONSTRAINT ck_receipts_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_receipts_reversed_range CHECK ((((reversed_gross_minor >= 0) AND (reversed_gross_minor <= gross_minor)) AND ((reversed_tax_minor >= 0) AND (reversed_tax_minor <= tax_minor))))
);

ALTER TABLE ONLY public.receipts FORCE ROW LEVEL SECURITY;

CREATE TABLE public.reconciliation_findings (
    id uuid NOT NULL,
    provider text NOT NULL,
    kind text NOT NULL,
    movement text NOT NULL,
    provider_ref text NOT NULL,
    payment_id uuid,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    found_at timestamp with time zone DEFAULT now() NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT ck_reconciliation_findings_kind_known CHECK ((kind = ANY (ARRAY['missing_here'::text, 'missing_there'::text, 'different'::text]))),
    CONSTRAINT ck_reconciliation_findings_movement_known CHECK ((movement = ANY (ARRAY['charge'::text, 'refund'::text, 'dispute'::text, 'transfer'::text])))
);

ALTER TABLE ONLY public.reconciliation_findings FORCE ROW LEVEL SECURITY;

CREATE TABLE public.refresh_families (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    revoked_reason text,
    CONSTRAINT ck_refresh_families_revoked_reason_known CHECK ((revoked_reason = ANY (ARRAY['logout'::text, 'token_reused'::text, 'password_changed'::text, 'admin'::text])))
);

ALTER TABLE ONLY public.refresh_families FORCE ROW LEVEL SECURITY;

CREATE TABLE public.refresh_tokens (
    token_hash bytea NOT NULL,
    family_id uuid NOT NULL,
    issued_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE ONLY public.refresh_tokens FORCE ROW LEVEL SECURITY;

CREATE TABLE public.refunds (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    tax_minor bigint DEFAULT '0'::bigint NOT NULL,
    currency text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    reason text NOT NULL,
    notes text,
    provider_ref text,
    failure_code text,
    origin text DEFAULT 'moorage'::text NOT NULL,
    requested_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_refunds_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_refunds_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_refunds_origin_known CHECK ((origin = ANY (ARRAY['moorage'::text, 'external'::text]))),
    CONSTRAINT ck_refunds_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'succeeded'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.refunds FORCE ROW LEVEL SECURITY;

CREATE VIEW public.refund_facts WITH (security_invoker='true') AS
 SELECT id,
    payment_id,
    created_at,
    currency,
    status,
    reason,
    amount_minor
   FROM public.refunds;

CREATE TABLE public.services (
    id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    category_id uuid NOT NULL,
    location_id uuid,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    service_type text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_virtual boolean DEFAULT false NOT NULL,
    price_minor bigint NOT NULL,
    minimum_minor bigint DEFAULT '0'::bigint NOT NULL,
    currency text NOT NULL,
    deposit_bps integer,
    deposit_minor bigint,
    free_until_hours integer DEFAULT 24 NOT NULL,
    late_fee_bps integer DEFAULT 10000 NOT NULL,
    duration_minutes integer NOT NULL,
    max_participants integer DEFAULT 1 NOT NULL,
    buffer_before_minutes integer DEFAULT 0 NOT NULL,
    buffer_after_minutes integer DEFAULT 0 NOT NULL,
    slot_interval_minutes integer NOT NULL,
    slot_alignment text DEFAULT 'local_hour'::text NOT NULL,
    min_notice_minutes integer DEFAULT 0 NOT NULL,
    horizon_days integer DEFAULT 60 NOT NULL,
    daily_limit integer,
    list_price numeric(20,4) DEFAULT '0'::numeric NOT NULL,
    search_words tsvector DEFAULT ''::tsvector NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_services_buffer_after_range CHECK (((buffer_after_minutes >= 0) AND (buffer_after_minutes <= 1440))),
    CONSTRAINT ck_services_buffer_before_range CHECK (((buffer_before_minutes >= 0) AND (buffer_before_minutes <= 1440))),
    CONSTRAINT ck_services_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_services_daily_limit_positive CHECK ((daily_limit > 0)),
    CONSTRAINT ck_services_deposit_bps_range CHECK (((deposit_bps >= 1) AND (deposit_bps <= 10000))),
    CONSTRAINT ck_services_deposit_positive CHECK ((deposit_minor > 0)),
    CONSTRAINT ck_services_duration_range CHECK (((duration_minutes >= 1) AND (duration_minutes <= 1440))),
    CONSTRAINT ck_services_free_until_range CHECK (((free_until_hours >= 0) AND (free_until_hours <= 8784))),
    CONSTRAINT ck_services_horizon_range CHECK (((horizon_days >= 1) AND (horizon_days <= 730))),
    CONSTRAINT ck_services_late_fee_range CHECK (((late_fee_bps >= 0) AND (late_fee_bps <= 10000))),
    CONSTRAINT ck_services_min_notice_range CHECK (((min_notice_minutes >= 0) AND (min_notice_minutes <= 1054080))),
    CONSTRAINT ck_services_minimum_not_negative CHECK ((minimum_minor >= 0)),
    CONSTRAINT ck_services_one_deposit CHECK (((deposit_bps IS NULL) OR (deposit_minor IS NULL))),
    CONSTRAINT ck_services_participants_range CHECK (((max_participants >= 1) AND (max_participants <= 10000))),
    CONSTRAINT ck_services_price_not_negative CHECK ((price_minor >= 0)),
    CONSTRAINT ck_services_service_type_known CHECK ((service_type = ANY (ARRAY['session'::text, 'workshop'::text, 'course'::text]))),
    CONSTRAINT ck_services_slot_alignment_known CHECK ((slot_alignment = ANY (ARRAY['local_hour'::text, 'compact'::text]))),
    CONSTRAINT ck_services_slot_interval_range CHECK (((slot_interval_minutes >= 1) AND (slot_interval_minutes <= 1440)))
);

ALTER TABLE ONLY public.services FORCE ROW LEVEL SECURITY;

CREATE TABLE public.sessions (
    id uuid NOT NULL,
    service_id uuid NOT NULL,
    resource_no bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    capacity integer NOT NULL,
    places_taken integer DEFAULT 0 NOT NULL,
    status text DEFAULT 'scheduled'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_sessions_places_within_capacity CHECK (((capacity >= 0) AND ((places_taken >= 0) AND (places_taken <= capacity)))),
    CONSTRAINT ck_sessions_status_known CHECK ((status = ANY (ARRAY['scheduled'::text, 'cancelled'::text]))),
    CONSTRAINT ck_sessions_time_order CHECK ((starts_at < ends_at))
);

CREATE TABLE public.sql_files (
    path text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.sql_objects (
    "position" integer NOT NULL,
    drop_statement text NOT NULL
);

CREATE TABLE public.subscriptions (
    id uuid NOT NULL,
    provider text NOT NULL,
    provider_ref text NOT NULL,
    user_id uuid,
    email text,
    status text NOT NULL,
    items jsonb DEFAULT '[]'::jsonb NOT NULL,
    amount_minor bigint,
    currency text NOT NULL,
    interval_unit text NOT NULL,
    interval_count integer DEFAULT 1 NOT NULL,
    period_starts_at timestamp with time zone,
    period_ends_at timestamp with time zone,
    cancel_at_period_end boolean DEFAULT false NOT NULL,
    canceled_at timestamp with time zone,
    ended_at timestamp with time zone,
    ending text,
    ending_since timestamp with time zone,
    told_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_subscriptions_amount_not_negative CHECK ((amount_minor >= 0)),
    CONSTRAINT ck_subscriptions_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_subscriptions_ending_known CHECK ((ending = ANY (ARRAY['at_period_end'::text, 'now'::text]))),
    CONSTRAINT ck_subscriptions_interval_count_positive CHECK ((interval_count > 0)),
    CONSTRAINT ck_subscriptions_interval_unit_known CHECK ((interval_unit = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'year'::text]))),
    CONSTRAINT ck_subscriptions_status_known CHECK ((status = ANY (ARRAY['incomplete'::text, 'trialing'::text, 'active'::text, 'past_due'::text, 'unpaid'::text, 'paused'::text, 'canceled'::text, 'expired'::text])))
);

ALTER TABLE ONLY public.subscriptions FORCE ROW LEVEL SECURITY;

CREATE TABLE public.tallied_days (
    day_start timestamp with time zone NOT NULL,
    day_end timestamp with time zone NOT NULL,
    CONSTRAINT ck_tallied_days_day_order CHECK ((day_start < day_end))
);

ALTER TABLE ONLY public.tallied_days FORCE ROW LEVEL SECURITY;

CREATE TABLE public.tally_state (
    no smallint NOT NULL,
    taken_in_until timestamp with time zone NOT NULL,
    first_payment_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_tally_state_one_row CHECK ((no = 1))
);

ALTER TABLE ONLY public.tally_state FORCE ROW LEVEL SECURITY;

CREATE SEQUENCE public.tally_state_no_seq
    AS smallint
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.tally_state_no_seq OWNED BY public.tally_state.no;

CREATE TABLE public.tax_rates (
    id uuid NOT NULL,
    country text NOT NULL,
    region text DEFAULT ''::text NOT NULL,
    name text NOT NULL,
    bps integer NOT NULL,
    inclusive boolean DEFAULT true NOT NULL,
    applies boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_tax_rates_bps_range CHECK (((bps >= 0) AND (bps <= 10000))),
    CONSTRAINT ck_tax_rates_country_code CHECK ((country ~ '^[A-Z]{2}$'::text))
);

ALTER TABLE ONLY public.tax_rates FORCE ROW LEVEL SECURITY;

CREATE TABLE public.users (
    id uuid NOT NULL,
    email text NOT NULL,
    password_hash text,
    first_name text DEFAULT ''::text NOT NULL,
    middle_name text,
    last_name text DEFAULT ''::text NOT NULL,
    phone_number text,
    role text DEFAULT 'user'::text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    email_verified_at timestamp with time zone,
    bio text DEFAULT ''::text NOT NULL,
    avatar text,
    timezone text DEFAULT 'UTC'::text NOT NULL,
    location text DEFAULT ''::text NOT NULL,
    preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    last_login_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_users_role_known CHECK ((role = ANY (ARRAY['user'::text, 'admin'::text, 'owner'::text])))
);

ALTER TABLE ONLY public.users FORCE ROW LEVEL SECURITY;

CREATE TABLE public.webhook_events (
    id uuid NOT NULL,
    provider text NOT NULL,
    event_id text NOT NULL,
    event_type text NOT NULL,
    body bytea NOT NULL,
    status text DEFAULT 'received'::text NOT NULL,
    outcome text,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    processed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_webhook_events_status_known CHECK ((status = ANY (ARRAY['received'::text, 'processed'::text, 'ignored'::text, 'parked'::text])))
);

ALTER TABLE ONLY public.webhook_events FORCE ROW LEVEL SECURITY;

CREATE TABLE public.webhook_rejections (
    provider text NOT NULL,
    day date NOT NULL,
    reason text NOT NULL,
    deliveries bigint DEFAULT '0'::bigint NOT NULL
);

ALTER TABLE ONLY public.webhook_rejections FORCE ROW LEVEL SECURITY;

CREATE TABLE public.weekly_hours (
    id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    weekday smallint NOT NULL,
    start_minute smallint NOT NULL,
    minutes smallint NOT NULL,
    valid_from date,
    valid_to date,
    CONSTRAINT ck_weekly_hours_minutes_range CHECK (((minutes >= 1) AND (minutes <= 1440))),
    CONSTRAINT ck_weekly_hours_start_range CHECK (((start_minute >= 0) AND (start_minute <= 1439))),
    CONSTRAINT ck_weekly_hours_valid_order CHECK ((valid_from <= valid_to)),
    CONSTRAINT ck_weekly_hours_weekday_range CHECK (((weekday >= 0) AND (weekday <= 6)))
);

CREATE TABLE public.zone_offsets (
    zone text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    offset_minutes smallint NOT NULL,
    CONSTRAINT ck_zone_offsets_not_empty CHECK ((starts_at < ends_at))
);

CREATE TABLE public.zone_release (
    is_only boolean DEFAULT true NOT NULL,
    version text NOT NULL,
    loaded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_zone_release_one_row CHECK (is_only)
);

CREATE TABLE sandbox.accounts (
    id text NOT NULL,
    no bigint NOT NULL,
    client_reference uuid,
    email text NOT NULL,
    country text NOT NULL,
    can_be_paid boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY sandbox.accounts FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.accounts ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.accounts_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.charges (
    id text NOT NULL,
    no bigint NOT NULL,
    intent_id text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    method text NOT NULL,
    brand text NOT NULL,
    last4 text,
    failure_code text,
    fee_minor bigint DEFAULT '0'::bigint NOT NULL,
    refund_pending_minor bigint DEFAULT '0'::bigint NOT NULL,
    refunded_minor bigint DEFAULT '0'::bigint NOT NULL,
    dispute_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_charges_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_charges_never_over_refunded CHECK (((refunded_minor >= 0) AND (refund_pending_minor >= 0) AND ((refunded_minor + refund_pending_minor) <= amount_minor))),
    CONSTRAINT ck_charges_only_last_four CHECK ((last4 ~ '^[0-9]{4}$'::text)),
    CONSTRAINT ck_charges_status_known CHECK ((status = ANY (ARRAY['succeeded'::text, 'failed'::text])))
);

ALTER TABLE ONLY sandbox.charges FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.charges ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.charges_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.deliveries (
    no bigint NOT NULL,
    event_id text NOT NULL,
    endpoint text NOT NULL,
    status text DEFAULT 'due'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    answer_status integer,
    error text,
    delivered_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_deliveries_status_known CHECK ((status = ANY (ARRAY['due'::text, 'delivered'::text, 'given_up'::text])))
);

ALTER TABLE ONLY sandbox.deliveries FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.deliveries ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.deliveries_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.disputes (
    id text NOT NULL,
    no bigint NOT NULL,
    charge_id text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text DEFAULT 'opened'::text NOT NULL,
    reason text NOT NULL,
    evidence text,
    evidence_due_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_disputes_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_disputes_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_disputes_status_known CHECK ((status = ANY (ARRAY['opened'::text, 'under_review'::text, 'won'::text, 'lost'::text])))
);

ALTER TABLE ONLY sandbox.disputes FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.disputes ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.disputes_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.events (
    id text NOT NULL,
    no bigint NOT NULL,
    event_type text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY sandbox.events FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.events ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.events_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.faults (
    fault text NOT NULL,
    percent integer DEFAULT 0 NOT NULL,
    next_calls integer DEFAULT 0 NOT NULL,
    seconds integer,
    operations jsonb,
    CONSTRAINT ck_faults_next_calls_range CHECK ((next_calls >= 0)),
    CONSTRAINT ck_faults_percent_range CHECK (((percent >= 0) AND (percent <= 100)))
);

ALTER TABLE ONLY sandbox.faults FORCE ROW LEVEL SECURITY;

CREATE TABLE sandbox.idempotency_keys (
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer,
    body jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY sandbox.idempotency_keys FORCE ROW LEVEL SECURITY;

CREATE TABLE sandbox.intents (
    id text NOT NULL,
    no bigint NOT NULL,
    client_reference uuid,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    description text NOT NULL,
    return_url text NOT NULL,
    payer_email text,
    lines jsonb DEFAULT '[]'::jsonb NOT NULL,
    capture_method text DEFAULT 'automatic'::text NOT NULL,
    captured_minor bigint,
    status text DEFAULT 'open'::text NOT NULL,
    method text,
    brand text,
    last4 text,
    failure_code text,
    subscription_id text,
    period_starts_at timestamp with time zone,
    period_ends_at timestamp with time zone,
    ripe_at timestamp with time zone,
    misbehaved boolean DEFAULT false NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_intents_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_intents_capture_method_known CHECK ((capture_method = ANY (ARRAY['automatic'::text, 'manual'::text]))),
    CONSTRAINT ck_intents_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_intents_never_over_captured CHECK (((captured_minor >= 1) AND (captured_minor <= amount_minor))),
    CONSTRAINT ck_intents_status_known CHECK ((status = ANY (ARRAY['open'::text, 'declined'::text, 'challenge'::text, 'processing'::text, 'authorized'::text, 'paid'::text, 'canceled'::text])))
);

ALTER TABLE ONLY sandbox.intents FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.intents ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.intents_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.payouts (
    id text NOT NULL,
    no bigint NOT NULL,
    client_reference uuid,
    account text,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    failure_code text,
    ripe_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_payouts_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_payouts_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_payouts_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'paid'::text, 'failed'::text])))
);

ALTER TABLE ONLY sandbox.payouts FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.payouts ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.payouts_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.refunds (
    id text NOT NULL,
    no bigint NOT NULL,
    charge_id text NOT NULL,
    client_reference uuid,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    failure_code text,
    ripe_at timestamp with time zone,
    ripens_to text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_refunds_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_refunds_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_refunds_ripens_to_known CHECK ((ripens_to = ANY (ARRAY['succeeded'::text, 'failed'::text]))),
    CONSTRAINT ck_refunds_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'succeeded'::text, 'failed'::text])))
);

ALTER TABLE ONLY sandbox.refunds FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.refunds ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.refunds_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.subscriptions (
    id text NOT NULL,
    no bigint NOT NULL,
    client_reference uuid,
    status text DEFAULT 'incomplete'::text NOT NULL,
    items jsonb NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    interval_unit text NOT NULL,
    payer_email text,
    return_url text NOT NULL,
    method text,
    started_at timestamp with time zone,
    period_starts_at timestamp with time zone,
    period_ends_at timestamp with time zone,
    cancel_at_period_end boolean DEFAULT false NOT NULL,
    canceled_at timestamp with time zone,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_subscriptions_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_subscriptions_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_subscriptions_interval_unit_known CHECK ((interval_unit = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'year'::text]))),
    CONSTRAINT ck_subscriptions_status_known CHECK ((status = ANY (ARRAY['incomplete'::text, 'active'::text, 'past_due'::text, 'canceled'::text, 'expired'::text])))
);

ALTER TABLE ONLY sandbox.subscriptions FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.subscriptions ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.subscriptions_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.transfers (
    id text NOT NULL,
    no bigint NOT NULL,
    client_reference uuid,
    account text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    reversed_minor bigint DEFAULT '0'::bigint NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_transfers_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_transfers_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_transfers_never_over_reversed CHECK (((reversed_minor >= 0) AND (reversed_minor <= amount_minor)))
);

ALTER TABLE ONLY sandbox.transfers FORCE ROW LEVEL SECURITY;

ALTER TABLE sandbox.transfers ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.transfers_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.pgqueuer ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_id_seq'::regclass);

ALTER TABLE ONLY public.pgqueuer_schedules ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_schedules_id_seq'::regclass);

ALTER TABLE ONLY public.pgqueuer_statistics ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_statistics_id_seq'::regclass);

ALTER TABLE ONLY public.tally_state ALTER COLUMN no SET DEFAULT nextval('public.tally_state_no_seq'::regclass);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT ex_claims_no_overlap EXCLUDE USING gist (int8range(resource_no, resource_no, '[]'::text) WITH &&, during WITH &&) WHERE (active);

ALTER TABLE ONLY public.pgqueuer_log
    ADD CONSTRAINT pgqueuer_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer
    ADD CONSTRAINT pgqueuer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_expression_entrypoint_key UNIQUE (expression, entrypoint);

ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer_statistics
    ADD CONSTRAINT pgqueuer_statistics_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.account_links
    ADD CONSTRAINT pk_account_links PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT pk_audit_log PRIMARY KEY (no);

ALTER TABLE ONLY public.booking_participants
    ADD CONSTRAINT pk_booking_participants PRIMARY KEY (booking_id, "position");

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT pk_bookings PRIMARY KEY (id);

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT pk_categories PRIMARY KEY (id);

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT pk_claims PRIMARY KEY (id);

ALTER TABLE ONLY public.customer_tallies
    ADD CONSTRAINT pk_customer_tallies PRIMARY KEY (currency, payer_id);

ALTER TABLE ONLY public.date_overrides
    ADD CONSTRAINT pk_date_overrides PRIMARY KEY (practitioner_id, date);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT pk_disputes PRIMARY KEY (id);

ALTER TABLE ONLY public.earnings
    ADD CONSTRAINT pk_earnings PRIMARY KEY (id);

ALTER TABLE ONLY public.external_identities
    ADD CONSTRAINT pk_external_identities PRIMARY KEY (issuer, subject);

ALTER TABLE ONLY public.free_days
    ADD CONSTRAINT pk_free_days PRIMARY KEY (resource_no, day);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (caller, key);

ALTER TABLE ONLY public.invoice_events
    ADD CONSTRAINT pk_invoice_events PRIMARY KEY (no);

ALTER TABLE ONLY public.invoice_lines
    ADD CONSTRAINT pk_invoice_lines PRIMARY KEY (invoice_id, "position");

ALTER TABLE ONLY public.invoice_payments
    ADD CONSTRAINT pk_invoice_payments PRIMARY KEY (invoice_id, payment_id);

ALTER TABLE ONLY public.invoice_series
    ADD CONSTRAINT pk_invoice_series PRIMARY KEY (series);

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT pk_invoices PRIMARY KEY (id);

ALTER TABLE ONLY public.ledger_accounts
    ADD CONSTRAINT pk_ledger_accounts PRIMARY KEY (no);

ALTER TABLE ONLY public.ledger_balances
    ADD CONSTRAINT pk_ledger_balances PRIMARY KEY (account_no, shard);

ALTER TABLE ONLY public.ledger_entries
    ADD CONSTRAINT pk_ledger_entries PRIMARY KEY (transaction_id, line);

ALTER TABLE ONLY public.ledger_transactions
    ADD CONSTRAINT pk_ledger_transactions PRIMARY KEY (id);

ALTER TABLE ONLY public.mails
    ADD CONSTRAINT pk_mails PRIMARY KEY (id);

ALTER TABLE ONLY public.outside_busy
    ADD CONSTRAINT pk_outside_busy PRIMARY KEY (id);

ALTER TABLE ONLY public.payees
    ADD CONSTRAINT pk_payees PRIMARY KEY (id);

ALTER TABLE ONLY public.payment_audit
    ADD CONSTRAINT pk_payment_audit PRIMARY KEY (id);

ALTER TABLE ONLY public.payment_records
    ADD CONSTRAINT pk_payment_records PRIMARY KEY (payment_id);

ALTER TABLE ONLY public.payment_tallies
    ADD CONSTRAINT pk_payment_tallies PRIMARY KEY (day_start, currency, payment_type, method);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT pk_payments PRIMARY KEY (id);

ALTER TABLE ONLY public.payout_weeks
    ADD CONSTRAINT pk_payout_weeks PRIMARY KEY (week);

ALTER TABLE ONLY public.payouts
    ADD CONSTRAINT pk_payouts PRIMARY KEY (id);

ALTER TABLE ONLY public.portal_links
    ADD CONSTRAINT pk_portal_links PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.practitioner_locations
    ADD CONSTRAINT pk_practitioner_locations PRIMARY KEY (id);

ALTER TABLE ONLY public.practitioner_months
    ADD CONSTRAINT pk_practitioner_months PRIMARY KEY (practitioner_id, month, currency);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT pk_practitioners PRIMARY KEY (id);

ALTER TABLE ONLY public.price_options
    ADD CONSTRAINT pk_price_options PRIMARY KEY (id);

ALTER TABLE ONLY public.provider_cursors
    ADD CONSTRAINT pk_provider_cursors PRIMARY KEY (provider);

ALTER TABLE ONLY public.provider_customers
    ADD CONSTRAINT pk_provider_customers PRIMARY KEY (id);

ALTER TABLE ONLY public.provider_operations
    ADD CONSTRAINT pk_provider_operations PRIMARY KEY (id);

ALTER TABLE ONLY public.provider_products
    ADD CONSTRAINT pk_provider_products PRIMARY KEY (id);

ALTER TABLE ONLY public.quote_lines
    ADD CONSTRAINT pk_quote_lines PRIMARY KEY (quote_id, "position");

ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT pk_quotes PRIMARY KEY (id);

ALTER TABLE ONLY public.rate_limits
    ADD CONSTRAINT pk_rate_limits PRIMARY KEY (caller, window_no);

ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT pk_receipts PRIMARY KEY (payment_id);

ALTER TABLE ONLY public.reconciliation_findings
    ADD CONSTRAINT pk_reconciliation_findings PRIMARY KEY (id);

ALTER TABLE ONLY public.refresh_families
    ADD CONSTRAINT pk_refresh_families PRIMARY KEY (id);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT pk_refresh_tokens PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT pk_refunds PRIMARY KEY (id);

ALTER TABLE ONLY public.services
    ADD CONSTRAINT pk_services PRIMARY KEY (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (id);

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT pk_subscriptions PRIMARY KEY (id);

ALTER TABLE ONLY public.tallied_days
    ADD CONSTRAINT pk_tallied_days PRIMARY KEY (day_start);

ALTER TABLE ONLY public.tally_state
    ADD CONSTRAINT pk_tally_state PRIMARY KEY (no);

ALTER TABLE ONLY public.tax_rates
    ADD CONSTRAINT pk_tax_rates PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_events
    ADD CONSTRAINT pk_webhook_events PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_rejections
    ADD CONSTRAINT pk_webhook_rejections PRIMARY KEY (provider, day, reason);

ALTER TABLE ONLY public.weekly_hours
    ADD CONSTRAINT pk_weekly_hours PRIMARY KEY (id);

ALTER TABLE ONLY public.zone_offsets
    ADD CONSTRAINT pk_zone_offsets PRIMARY KEY (zone, starts_at);

ALTER TABLE ONLY public.zone_release
    ADD CONSTRAINT pk_zone_release PRIMARY KEY (is_only);

ALTER TABLE ONLY public.sql_files
    ADD CONSTRAINT sql_files_pkey PRIMARY KEY (path);

ALTER TABLE ONLY public.sql_objects
    ADD CONSTRAINT sql_objects_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT uq_categories_slug UNIQUE (slug);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT uq_disputes_provider_provider_ref UNIQUE (provider, provider_ref);

ALTER TABLE ONLY public.earnings
    ADD CONSTRAINT uq_earnings_payment_id UNIQUE (payment_id);

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT uq_invoices_number UNIQUE (number);

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT uq_invoices_quote_id UNIQUE (quote_id);

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT uq_invoices_series_no UNIQUE (series, no);

ALTER TABLE ONLY public.ledger_accounts
    ADD CONSTRAINT uq_ledger_accounts_code_currency UNIQUE (code, currency);

ALTER TABLE ONLY public.ledger_transactions
    ADD CONSTRAINT uq_ledger_transactions_cause UNIQUE (cause);

ALTER TABLE ONLY public.mails
    ADD CONSTRAINT uq_mails_cause UNIQUE (cause);

ALTER TABLE ONLY public.payees
    ADD CONSTRAINT uq_payees_practitioner_id_provider UNIQUE (practitioner_id, provider);

ALTER TABLE ONLY public.payees
    ADD CONSTRAINT uq_payees_provider_provider_ref UNIQUE (provider, provider_ref);

ALTER TABLE ONLY public.payment_records
    ADD CONSTRAINT uq_payment_records_checkout_session_id UNIQUE (checkout_session_id);

ALTER TABLE ONLY public.payment_records
    ADD CONSTRAINT uq_payment_records_gateway_payment_id UNIQUE (gateway_payment_id);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT uq_payments_no UNIQUE (no);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT uq_payments_provider_provider_ref UNIQUE (provider, provider_ref);

ALTER TABLE ONLY public.payouts
    ADD CONSTRAINT uq_payouts_practitioner_id_currency_week UNIQUE (practitioner_id, currency, week);

ALTER TABLE ONLY public.payouts
    ADD CONSTRAINT uq_payouts_provider_provider_ref UNIQUE (provider, provider_ref);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT uq_practitioners_resource_no UNIQUE (resource_no);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT uq_practitioners_user_id UNIQUE (user_id);

ALTER TABLE ONLY public.price_options
    ADD CONSTRAINT uq_price_options_service_id_name UNIQUE (service_id, name);

ALTER TABLE ONLY public.provider_customers
    ADD CONSTRAINT uq_provider_customers_provider_provider_ref UNIQUE (provider, provider_ref);

ALTER TABLE ONLY public.provider_customers
    ADD CONSTRAINT uq_provider_customers_provider_user_id UNIQUE (provider, user_id);

ALTER TABLE ONLY public.provider_products
    ADD CONSTRAINT uq_provider_products_provider_kind_local_key_provider_ref UNIQUE (provider, kind, local_key, provider_ref);

ALTER TABLE ONLY public.reconciliation_findings
    ADD CONSTRAINT uq_reconciliation_findings_provider_kind_movement_provider_ref UNIQUE (provider, kind, movement, provider_ref);

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT uq_subscriptions_provider_provider_ref UNIQUE (provider, provider_ref);

ALTER TABLE ONLY public.tax_rates
    ADD CONSTRAINT uq_tax_rates_country_region UNIQUE (country, region);

ALTER TABLE ONLY public.webhook_events
    ADD CONSTRAINT uq_webhook_events_provider_event_id UNIQUE (provider, event_id);

ALTER TABLE ONLY sandbox.accounts
    ADD CONSTRAINT pk_accounts PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.charges
    ADD CONSTRAINT pk_charges PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.deliveries
    ADD CONSTRAINT pk_deliveries PRIMARY KEY (no);

ALTER TABLE ONLY sandbox.disputes
    ADD CONSTRAINT pk_disputes PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.events
    ADD CONSTRAINT pk_events PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.faults
    ADD CONSTRAINT pk_faults PRIMARY KEY (fault);

ALTER TABLE ONLY sandbox.idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (key);

ALTER TABLE ONLY sandbox.intents
    ADD CONSTRAINT pk_intents PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.payouts
    ADD CONSTRAINT pk_payouts PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.refunds
    ADD CONSTRAINT pk_refunds PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.subscriptions
    ADD CONSTRAINT pk_subscriptions PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.transfers
    ADD CONSTRAINT pk_transfers PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.accounts
    ADD CONSTRAINT uq_accounts_client_reference UNIQUE (client_reference);

ALTER TABLE ONLY sandbox.accounts
    ADD CONSTRAINT uq_accounts_no UNIQUE (no);

ALTER TABLE ONLY sandbox.charges
    ADD CONSTRAINT uq_charges_no UNIQUE (no);

ALTER TABLE ONLY sandbox.disputes
    ADD CONSTRAINT uq_disputes_no UNIQUE (no);

ALTER TABLE ONLY sandbox.events
    ADD CONSTRAINT uq_events_no UNIQUE (no);

ALTER TABLE ONLY sandbox.intents
    ADD CONSTRAINT uq_intents_client_reference UNIQUE (client_reference);

ALTER TABLE ONLY sandbox.intents
    ADD CONSTRAINT uq_intents_no UNIQUE (no);

ALTER TABLE ONLY sandbox.payouts
    ADD CONSTRAINT uq_payouts_client_reference UNIQUE (client_reference);

ALTER TABLE ONLY sandbox.payouts
    ADD CONSTRAINT uq_payouts_no UNIQUE (no);

ALTER TABLE ONLY sandbox.refunds
    ADD CONSTRAINT uq_refunds_client_reference UNIQUE (client_reference);

ALTER TABLE ONLY sandbox.refunds
    ADD CONSTRAINT uq_refunds_no UNIQUE (no);

ALTER TABLE ONLY sandbox.subscriptions
    ADD CONSTRAINT uq_subscriptions_client_reference UNIQUE (client_reference);

ALTER TABLE ONLY sandbox.subscriptions
    ADD CONSTRAINT uq_subscriptions_no UNIQUE (no);

ALTER TABLE ONLY sandbox.transfers
    ADD CONSTRAINT uq_transfers_client_reference UNIQUE (client_reference);

ALTER TABLE ONLY sandbox.transfers
    ADD CONSTRAINT uq_transfers_no UNIQUE (no);

CREATE INDEX ix_account_links_expires_at ON public.account_links USING btree (expires_at);

CREATE INDEX ix_account_links_user_id ON public.account_links USING btree (user_id);

CREATE INDEX ix_audit_log_actor ON public.audit_log USING btree (actor_id, created_at);

CREATE INDEX ix_audit_log_subject ON public.audit_log USING btree (subject_id);

CREATE INDEX ix_bookings_client ON public.bookings USING btree (client_id, starts_at, id) WHERE (parent_id IS NULL);

CREATE INDEX ix_bookings_holds ON public.bookings USING btree (hold_expires_at) WHERE ((status = 'pending'::text) AND (parent_id IS NULL));

CREATE INDEX ix_bookings_parent ON public.bookings USING btree (parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX ix_bookings_practitioner ON public.bookings USING btree (practitioner_id, starts_at, id) WHERE (parent_id IS NULL);

CREATE INDEX ix_bookings_service_starts ON public.bookings USING btree (service_id, starts_at);

CREATE INDEX ix_bookings_session ON public.bookings USING btree (session_id) WHERE (session_id IS NOT NULL);

CREATE INDEX ix_bookings_starts ON public.bookings USING btree (starts_at, id) WHERE (parent_id IS NULL);

CREATE INDEX ix_claims_expiring ON public.claims USING btree (expires_at) WHERE (active AND (kind = 'hold'::text));

CREATE INDEX ix_customer_tallies_payer ON public.customer_tallies USING btree (payer_id);

CREATE INDEX ix_disputes_payment_id ON public.disputes USING btree (payment_id);

CREATE INDEX ix_earnings_booking ON public.earnings USING btree (booking_id);

CREATE INDEX ix_earnings_due ON public.earnings USING btree (available_at) WHERE ((status = 'pending'::text) AND (held_at IS NULL));

CREATE INDEX ix_earnings_practitioner ON public.earnings USING btree (practitioner_id, created_at);

CREATE INDEX ix_external_identities_subject ON public.external_identities USING btree (subject);

CREATE INDEX ix_external_identities_user_id ON public.external_identities USING btree (user_id);

CREATE INDEX ix_free_days_day ON public.free_days USING btree (day, resource_no);

CREATE INDEX ix_idempotency_keys_expires_at ON public.idempotency_keys USING btree (expires_at);

CREATE INDEX ix_invoice_events_invoice_id ON public.invoice_events USING btree (invoice_id);

CREATE INDEX ix_invoice_payments_payment ON public.invoice_payments USING btree (payment_id);

CREATE INDEX ix_invoices_booking ON public.invoices USING btree (booking_id) WHERE (booking_id IS NOT NULL);

CREATE INDEX ix_invoices_customer ON public.invoices USING btree (customer_id, created_at);

CREATE INDEX ix_invoices_newest ON public.invoices USING btree (created_at, id);

CREATE INDEX ix_invoices_open ON public.invoices USING btree (due_at) WHERE (status = 'open'::text);

CREATE INDEX ix_ledger_accounts_owner ON public.ledger_accounts USING btree (owner_id);

CREATE INDEX ix_ledger_entries_account ON public.ledger_entries USING btree (account_no, transaction_id);

CREATE INDEX ix_ledger_transactions_reference ON public.ledger_transactions USING btree (reference_id);

CREATE INDEX ix_mails_recent ON public.mails USING btree (created_at);

CREATE INDEX ix_mails_user ON public.mails USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX ix_outside_busy_during ON public.outside_busy USING gist (int8range(resource_no, resource_no, '[]'::text), during);

CREATE INDEX ix_payment_audit_payment_id ON public.payment_audit USING btree (payment_id);

CREATE INDEX ix_payment_records_booking ON public.payment_records USING btree (booking_no) WHERE (booking_no IS NOT NULL);

CREATE INDEX ix_payment_records_property ON public.payment_records USING btree (property_no) WHERE (property_no IS NOT NULL);

CREATE INDEX ix_payments_created ON public.payments USING brin (created_at, updated_at);

CREATE INDEX ix_payments_free_created ON public.payments USING btree (created_at) WHERE (purpose = 'free_amount'::text);

CREATE INDEX ix_payments_free_currency ON public.payments USING btree (currency, created_at) WHERE (purpose = 'free_amount'::text);

CREATE INDEX ix_payments_free_provider ON public.payments USING btree (provider, created_at) WHERE (purpose = 'free_amount'::text);

CREATE INDEX ix_payments_free_status ON public.payments USING btree (status, created_at) WHERE (purpose = 'free_amount'::text);

CREATE INDEX ix_payments_newest ON public.payments USING btree (created_at, id);

CREATE INDEX ix_payments_open ON public.payments USING btree (provider, updated_at) WHERE (status = ANY (ARRAY['pending'::text, 'requires_action'::text, 'processing'::text]));

CREATE INDEX ix_payments_payer ON public.payments USING btree (payer_id, created_at);

CREATE INDEX ix_payments_provider_ids ON public.payments USING gin (provider_ids) WHERE (provider_ids <> '{}'::jsonb);

CREATE INDEX ix_payments_purpose ON public.payments USING btree (purpose_id, created_at);

CREATE INDEX ix_payouts_created ON public.payouts USING btree (created_at);

CREATE INDEX ix_payouts_in_transit ON public.payouts USING btree (created_at) WHERE (status = 'in_transit'::text);

CREATE INDEX ix_payouts_practitioner ON public.payouts USING btree (practitioner_id, created_at);

CREATE INDEX ix_portal_links_expires_at ON public.portal_links USING btree (expires_at);

CREATE INDEX ix_practitioner_locations_city ON public.practitioner_locations USING btree (lower(city), practitioner_id);

CREATE INDEX ix_practitioner_locations_point ON public.practitioner_locations USING btree (lat, lng);

CREATE INDEX ix_practitioner_locations_practitioner_id ON public.practitioner_locations USING btree (practitioner_id);

CREATE INDEX ix_practitioners_by_name ON public.practitioners USING btree (display_name, id) WHERE (verification_status = 'verified'::text);

CREATE INDEX ix_practitioners_listed ON public.practitioners USING btree (is_featured, id) WHERE (verification_status = 'verified'::text);

CREATE INDEX ix_practitioners_search_words ON public.practitioners USING gin (search_words);

CREATE INDEX ix_practitioners_specialization_keys ON public.practitioners USING gin (specialization_keys);

CREATE INDEX ix_practitioners_undecided ON public.practitioners USING btree (id) WHERE (verification_status = 'pending'::text);

CREATE INDEX ix_provider_operations_due ON public.provider_operations USING btree (next_at) WHERE (status = ANY (ARRAY['planned'::text, 'called'::text, 'unknown'::text]));

CREATE INDEX ix_provider_operations_payment ON public.provider_operations USING btree (payment_id, kind);

CREATE INDEX ix_provider_operations_payout ON public.provider_operations USING btree (payout_id) WHERE (payout_id IS NOT NULL);

CREATE INDEX ix_provider_operations_refund ON public.provider_operations USING btree (refund_id) WHERE (refund_id IS NOT NULL);

CREATE INDEX ix_quotes_booking ON public.quotes USING btree (booking_id) WHERE (booking_id IS NOT NULL);

CREATE INDEX ix_quotes_customer ON public.quotes USING btree (customer_id, created_at);

CREATE INDEX ix_quotes_newest ON public.quotes USING btree (created_at, id);

CREATE INDEX ix_receipts_reference ON public.receipts USING btree (reference_id);

CREATE INDEX ix_refresh_families_user_id ON public.refresh_families USING btree (user_id);

CREATE INDEX ix_refresh_tokens_expires_at ON public.refresh_tokens USING btree (expires_at);

CREATE INDEX ix_refresh_tokens_family_id ON public.refresh_tokens USING btree (family_id);

CREATE INDEX ix_refunds_payment_id ON public.refunds USING btree (payment_id);

CREATE INDEX ix_services_category_id ON public.services USING btree (category_id);

CREATE INDEX ix_services_listed ON public.services USING btree (service_type, id) WHERE is_active;

CREATE INDEX ix_services_location_id ON public.services USING btree (location_id);

CREATE INDEX ix_services_newest ON public.services USING btree (id) WHERE is_active;

CREATE INDEX ix_services_practitioner ON public.services USING btree (practitioner_id, is_active);

CREATE INDEX ix_services_price ON public.services USING btree (list_price, id) WHERE is_active;

CREATE INDEX ix_services_search_words ON public.services USING gin (search_words);

CREATE INDEX ix_sessions_service_starts ON public.sessions USING btree (service_id, starts_at);

CREATE INDEX ix_subscriptions_user ON public.subscriptions USING btree (user_id, started_at);

CREATE INDEX ix_webhook_events_due ON public.webhook_events USING btree (next_at) WHERE (status = 'received'::text);

CREATE INDEX ix_webhook_events_parked ON public.webhook_events USING btree (received_at) WHERE (status = 'parked'::text);

CREATE INDEX ix_weekly_hours_practitioner_id ON public.weekly_hours USING btree (practitioner_id);

CREATE INDEX pgqueuer_ep_ea_idx ON public.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON public.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON public.pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON public.pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON public.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON public.pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON public.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::public.pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON public.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::public.pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON public.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON public.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON public.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON public.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::public.pgqueuer_status, 'picked'::public.pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON public.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::public.pgqueuer_status);

CREATE UNIQUE INDEX uq_claims_booking ON public.claims USING btree (booking_id) WHERE (booking_id IS NOT NULL);

CREATE UNIQUE INDEX uq_claims_session ON public.claims USING btree (session_id) WHERE (session_id IS NOT NULL);

CREATE UNIQUE INDEX uq_payments_stripe_payment_intent ON public.payments USING btree (((provider_ids ->> 'payment_intent'::text))) WHERE ((provider = 'stripe'::text) AND (provider_ids ? 'payment_intent'::text));

CREATE UNIQUE INDEX uq_practitioner_locations_primary ON public.practitioner_locations USING btree (practitioner_id) WHERE is_primary;

CREATE UNIQUE INDEX uq_refunds_provider_ref ON public.refunds USING btree (payment_id, provider_ref) WHERE (provider_ref IS NOT NULL);

CREATE UNIQUE INDEX uq_tax_rates_applies ON public.tax_rates USING btree (applies) WHERE applies;

CREATE UNIQUE INDEX uq_users_email_lower ON public.users USING btree (lower(email));

CREATE INDEX ix_charges_dispute_at ON sandbox.charges USING btree (dispute_at) WHERE (dispute_at IS NOT NULL);

CREATE INDEX ix_charges_intent_id ON sandbox.charges USING btree (intent_id);

CREATE INDEX ix_deliveries_due ON sandbox.deliveries USING btree (next_at) WHERE (status = 'due'::text);

CREATE INDEX ix_deliveries_event_id ON sandbox.deliveries USING btree (event_id);

CREATE INDEX ix_disputes_charge_id ON sandbox.disputes USING btree (charge_id);

CREATE INDEX ix_events_created_at ON sandbox.events USING btree (created_at);

CREATE INDEX ix_idempotency_keys_created_at ON sandbox.idempotency_keys USING btree (created_at);

CREATE INDEX ix_intents_ripe ON sandbox.intents USING btree (ripe_at) WHERE (status = 'processing'::text);

CREATE INDEX ix_intents_subscription_id ON sandbox.intents USING btree (subscription_id);

CREATE INDEX ix_payouts_account ON sandbox.payouts USING btree (account, currency);

CREATE INDEX ix_payouts_ripe ON sandbox.payouts USING btree (ripe_at) WHERE (status = 'pending'::text);

CREATE INDEX ix_refunds_charge_id ON sandbox.refunds USING btree (charge_id);

CREATE INDEX ix_refunds_ripe ON sandbox.refunds USING btree (ripe_at) WHERE (status = 'pending'::text);

CREATE INDEX ix_subscriptions_due ON sandbox.subscriptions USING btree (period_ends_at) WHERE (status = ANY (ARRAY['active'::text, 'past_due'::text]));

CREATE INDEX ix_transfers_account ON sandbox.transfers USING btree (account, currency);

CREATE UNIQUE INDEX uq_charges_paid ON sandbox.charges USING btree (intent_id) WHERE (status = 'succeeded'::text);

CREATE UNIQUE INDEX uq_disputes_open ON sandbox.disputes USING btree (charge_id) WHERE (status <> 'won'::text);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.invoice_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.invoice_lines FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE ON public.invoice_payments FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.ledger_accounts FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.ledger_entries FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.ledger_transactions FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.payment_audit FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.quote_lines FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.invoice_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.ledger_accounts FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.payment_audit FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER audit_log_stays BEFORE DELETE OR UPDATE ON public.audit_log FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER audit_log_stays_whole BEFORE TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE CONSTRAINT TRIGGER has_entries AFTER INSERT ON public.ledger_transactions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_transaction_has_entries();

CREATE TRIGGER keep_issued BEFORE DELETE OR UPDATE ON public.invoices FOR EACH ROW WHEN ((old.status <> 'draft'::text)) EXECUTE FUNCTION public.keep_issued_invoice();

CREATE TRIGGER keep_rows BEFORE DELETE ON public.ledger_balances FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER keep_rows_truncate BEFORE TRUNCATE ON public.ledger_balances FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER practitioners_words BEFORE INSERT OR UPDATE OF display_name, bio, specializations ON public.practitioners FOR EACH ROW EXECUTE FUNCTION public.note_practitioner_words();

CREATE TRIGGER services_words BEFORE INSERT OR UPDATE OF title, description, price_minor, currency ON public.services FOR EACH ROW EXECUTE FUNCTION public.note_service_words();

CREATE TRIGGER summary_follows_horizon AFTER INSERT OR UPDATE OF horizon_days, is_active ON public.services FOR EACH ROW WHEN ((new.is_active AND (new.horizon_days > 60))) EXECUTE FUNCTION public.summary_follows_horizon();

CREATE TRIGGER summary_follows_zone AFTER UPDATE OF timezone ON public.practitioners FOR EACH ROW WHEN ((old.timezone IS DISTINCT FROM new.timezone)) EXECUTE FUNCTION public.summary_follows_zone();

CREATE CONSTRAINT TRIGGER sums AFTER INSERT OR UPDATE OF net_minor, tax_minor, gross_minor ON public.invoices DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_document_sums();

CREATE CONSTRAINT TRIGGER sums AFTER INSERT OR UPDATE OF net_minor, tax_minor, gross_minor ON public.quotes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_document_sums();

CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON public.ledger_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_transaction_balances();

CREATE TRIGGER tax_sale AFTER INSERT ON public.earnings FOR EACH ROW WHEN (new.is_sale) EXECUTE FUNCTION public.tax_earned_sale();

CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.pgqueuer FOR EACH STATEMENT EXECUTE FUNCTION public.fn_pgqueuer_changed();

ALTER TABLE public.pgqueuer DISABLE TRIGGER tg_pgqueuer_changed;

ALTER TABLE ONLY public.account_links
    ADD CONSTRAINT fk_account_links_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.booking_participants
    ADD CONSTRAINT fk_booking_participants_booking_id FOREIGN KEY (booking_id) REFERENCES public.bookings(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT fk_bookings_cancelled_by FOREIGN KEY (cancelled_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT fk_bookings_client_id FOREIGN KEY (client_id) REFERENCES public.users(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT fk_bookings_parent_id FOREIGN KEY (parent_id) REFERENCES public.bookings(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT fk_bookings_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT fk_bookings_service_id FOREIGN KEY (service_id) REFERENCES public.services(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT fk_bookings_session_id FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT fk_claims_session_id FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.date_overrides
    ADD CONSTRAINT fk_date_overrides_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT fk_disputes_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.earnings
    ADD CONSTRAINT fk_earnings_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.external_identities
    ADD CONSTRAINT fk_external_identities_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invoice_events
    ADD CONSTRAINT fk_invoice_events_invoice_id FOREIGN KEY (invoice_id) REFERENCES public.invoices(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.invoice_lines
    ADD CONSTRAINT fk_invoice_lines_invoice_id FOREIGN KEY (invoice_id) REFERENCES public.invoices(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invoice_payments
    ADD CONSTRAINT fk_invoice_payments_invoice_id FOREIGN KEY (invoice_id) REFERENCES public.invoices(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.invoice_payments
    ADD CONSTRAINT fk_invoice_payments_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_booking_id FOREIGN KEY (booking_id) REFERENCES public.bookings(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_customer_id FOREIGN KEY (customer_id) REFERENCES public.users(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_hosted_payment_id FOREIGN KEY (hosted_payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_quote_id FOREIGN KEY (quote_id) REFERENCES public.quotes(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.ledger_balances
    ADD CONSTRAINT fk_ledger_balances_account_no FOREIGN KEY (account_no) REFERENCES public.ledger_accounts(no) ON DELETE RESTRICT;

ALTER TABLE ONLY public.ledger_entries
    ADD CONSTRAINT fk_ledger_entries_account_no FOREIGN KEY (account_no) REFERENCES public.ledger_accounts(no) ON DELETE RESTRICT;

ALTER TABLE ONLY public.ledger_entries
    ADD CONSTRAINT fk_ledger_entries_transaction_id FOREIGN KEY (transaction_id) REFERENCES public.ledger_transactions(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.ledger_transactions
    ADD CONSTRAINT fk_ledger_transactions_reverses_id FOREIGN KEY (reverses_id) REFERENCES public.ledger_transactions(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.payees
    ADD CONSTRAINT fk_payees_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.payment_audit
    ADD CONSTRAINT fk_payment_audit_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.payment_records
    ADD CONSTRAINT fk_payment_records_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT fk_payments_payer_id FOREIGN KEY (payer_id) REFERENCES public.users(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.payouts
    ADD CONSTRAINT fk_payouts_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.payouts
    ADD CONSTRAINT fk_payouts_requested_by FOREIGN KEY (requested_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.practitioner_locations
    ADD CONSTRAINT fk_practitioner_locations_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.practitioner_months
    ADD CONSTRAINT fk_practitioner_months_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT fk_practitioners_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT fk_practitioners_verified_by FOREIGN KEY (verified_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.price_options
    ADD CONSTRAINT fk_price_options_service_id FOREIGN KEY (service_id) REFERENCES public.services(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.provider_customers
    ADD CONSTRAINT fk_provider_customers_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.provider_operations
    ADD CONSTRAINT fk_provider_operations_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.provider_operations
    ADD CONSTRAINT fk_provider_operations_refund_id FOREIGN KEY (refund_id) REFERENCES public.refunds(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.quote_lines
    ADD CONSTRAINT fk_quote_lines_quote_id FOREIGN KEY (quote_id) REFERENCES public.quotes(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT fk_quotes_booking_id FOREIGN KEY (booking_id) REFERENCES public.bookings(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.quotes
    ADD CONSTRAINT fk_quotes_customer_id FOREIGN KEY (customer_id) REFERENCES public.users(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.reconciliation_findings
    ADD CONSTRAINT fk_reconciliation_findings_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.refresh_families
    ADD CONSTRAINT fk_refresh_families_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT fk_refresh_tokens_family_id FOREIGN KEY (family_id) REFERENCES public.refresh_families(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT fk_refunds_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.services
    ADD CONSTRAINT fk_services_category_id FOREIGN KEY (category_id) REFERENCES public.categories(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.services
    ADD CONSTRAINT fk_services_location_id FOREIGN KEY (location_id) REFERENCES public.practitioner_locations(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.services
    ADD CONSTRAINT fk_services_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_service_id FOREIGN KEY (service_id) REFERENCES public.services(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT fk_subscriptions_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.weekly_hours
    ADD CONSTRAINT fk_weekly_hours_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;

ALTER TABLE ONLY sandbox.charges
    ADD CONSTRAINT fk_charges_intent_id FOREIGN KEY (intent_id) REFERENCES sandbox.intents(id) ON DELETE RESTRICT;

ALTER TABLE ONLY sandbox.deliveries
    ADD CONSTRAINT fk_deliveries_event_id FOREIGN KEY (event_id) REFERENCES sandbox.events(id) ON DELETE RESTRICT;

ALTER TABLE ONLY sandbox.disputes
    ADD CONSTRAINT fk_disputes_charge_id FOREIGN KEY (charge_id) REFERENCES sandbox.charges(id) ON DELETE RESTRICT;

ALTER TABLE ONLY sandbox.intents
    ADD CONSTRAINT fk_intents_subscription_id FOREIGN KEY (subscription_id) REFERENCES sandbox.subscriptions(id) ON DELETE RESTRICT;

ALTER TABLE ONLY sandbox.refunds
    ADD CONSTRAINT fk_refunds_charge_id FOREIGN KEY (charge_id) REFERENCES sandbox.charges(id) ON DELETE RESTRICT;

ALTER TABLE public.account_links ENABLE ROW LEVEL SECURITY;

CREATE POLICY account_links_product ON public.account_links TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY active_or_own ON public.services FOR SELECT TO moorage_web USING (((is_active AND (EXISTS ( SELECT
   FROM public.practitioners p
  WHERE (p.id = services.practitioner_id)))) OR (practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY admin_reads ON public.audit_log FOR SELECT TO moorage_web USING (( SELECT public.asking_admin() AS asking_admin));

CREATE POLICY as_their_practitioner ON public.practitioner_locations FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.practitioners p
  WHERE (p.id = practitioner_locations.practitioner_id))));

CREATE POLICY as_their_service ON public.price_options FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.services s
  WHERE (s.id = price_options.service_id))));

CREATE POLICY asking ON public.disputes FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.payments p
  WHERE (p.id = disputes.payment_id))));

CREATE POLICY asking ON public.earnings FOR SELECT TO moorage_web USING (((practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY asking ON public.invoice_events FOR SELECT TO moorage_web USING (( SELECT public.asking_admin() AS asking_admin));

CREATE POLICY asking ON public.invoice_lines FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.invoices i
  WHERE (i.id = invoice_lines.invoice_id))));

CREATE POLICY asking ON public.invoice_payments FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.invoices i
  WHERE (i.id = invoice_payments.invoice_id))));

CREATE POLICY asking ON public.invoices FOR SELECT TO moorage_web USING (((customer_id = ( SELECT public.asking_user() AS asking_user)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY asking ON public.ledger_accounts FOR SELECT TO moorage_web USING (((owner_id = ANY (ARRAY[( SELECT public.asking_practitioner() AS asking_practitioner), ( SELECT public.asking_user() AS asking_user)])) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY asking ON public.ledger_balances FOR SELECT TO moorage_web USING ((( SELECT public.asking_admin() AS asking_admin) OR (account_no = ANY (ARRAY( SELECT ledger_accounts.no
   FROM public.ledger_accounts)))));

CREATE POLICY asking ON public.ledger_entries FOR SELECT TO moorage_web USING ((( SELECT public.asking_admin() AS asking_admin) OR (account_no = ANY (ARRAY( SELECT ledger_accounts.no
   FROM public.ledger_accounts)))));

CREATE POLICY asking ON public.ledger_transactions FOR SELECT TO moorage_web USING ((( SELECT public.asking_admin() AS asking_admin) OR (EXISTS ( SELECT
   FROM public.ledger_entries e
  WHERE (e.transaction_id = ledger_transactions.id)))));

CREATE POLICY asking ON public.payees FOR SELECT TO moorage_web USING (((practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY asking ON public.payment_audit FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.payments p
  WHERE (p.id = payment_audit.payment_id))));

CREATE POLICY asking ON public.payment_records FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.payments p
  WHERE (p.id = payment_records.payment_id))));

CREATE POLICY asking ON public.payments FOR SELECT TO moorage_web USING (((payer_id = ( SELECT public.asking_user() AS asking_user)) OR ( SELECT public.asking_admin() AS asking_admin) OR (id = ANY (ARRAY( SELECT e.payment_id
   FROM public.earnings e
  WHERE (e.practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)))))));

CREATE POLICY asking ON public.payouts FOR SELECT TO moorage_web USING (((practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY asking ON public.provider_customers FOR SELECT TO moorage_web USING (((user_id = ( SELECT public.asking_user() AS asking_user)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY asking ON public.provider_products FOR SELECT TO moorage_web USING (( SELECT public.asking_admin() AS asking_admin));

CREATE POLICY asking ON public.quote_lines FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.quotes q
  WHERE (q.id = quote_lines.quote_id))));

CREATE POLICY asking ON public.quotes FOR SELECT TO moorage_web USING (((customer_id = ( SELECT public.asking_user() AS asking_user)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY asking ON public.receipts FOR SELECT TO moorage_web USING (( SELECT public.asking_admin() AS asking_admin));

CREATE POLICY asking ON public.reconciliation_findings FOR SELECT TO moorage_web USING (( SELECT public.asking_admin() AS asking_admin));

CREATE POLICY asking ON public.refunds FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.payments p
  WHERE (p.id = refunds.payment_id))));

CREATE POLICY asking ON public.subscriptions FOR SELECT TO moorage_web USING (((user_id = ( SELECT public.asking_user() AS asking_user)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY asking ON public.tax_rates TO moorage_web USING (( SELECT public.asking_admin() AS asking_admin)) WITH CHECK (( SELECT public.asking_admin() AS asking_admin));

CREATE POLICY asking ON public.webhook_events FOR SELECT TO moorage_web USING (( SELECT public.asking_admin() AS asking_admin));

CREATE POLICY asking ON public.webhook_rejections FOR SELECT TO moorage_web USING (( SELECT public.asking_admin() AS asking_admin));

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.booking_participants ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.bookings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.claims ENABLE ROW LEVEL SECURITY;

CREATE POLICY claims_product ON public.claims TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE public.customer_tallies ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.disputes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.earnings ENABLE ROW LEVEL SECURITY;

CREATE POLICY engine_and_worker ON public.practitioner_locations TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY engine_and_worker ON public.practitioners TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY engine_and_worker ON public.price_options TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY engine_and_worker ON public.services TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY engine_writes ON public.audit_log TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE public.external_identities ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY idempotency_keys_product ON public.idempotency_keys TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE public.invoice_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.invoice_lines ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.invoice_payments ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.invoice_series ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.invoices ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_accounts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_balances ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_entries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_transactions ENABLE ROW LEVEL SECURITY;

CREATE POLICY listed_or_own ON public.practitioners FOR SELECT TO moorage_web USING (((verification_status = 'verified'::text) OR (user_id = ( SELECT public.asking_user() AS asking_user)) OR ( SELECT public.asking_admin() AS asking_admin)));

ALTER TABLE public.mails ENABLE ROW LEVEL SECURITY;

CREATE POLICY mails_product ON public.mails TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY of_booking ON public.booking_participants FOR SELECT TO moorage_web USING ((EXISTS ( SELECT
   FROM public.bookings b
  WHERE (b.id = booking_participants.booking_id))));

CREATE POLICY of_their_services ON public.payments FOR SELECT TO moorage_web USING (((( SELECT public.asking_practitioner() AS asking_practitioner) IS NOT NULL) AND (purpose ~~ 'booking\_%'::text) AND (EXISTS ( SELECT
   FROM public.bookings b
  WHERE ((b.id = payments.purpose_id) AND (b.practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)))))));

ALTER TABLE public.outside_busy ENABLE ROW LEVEL SECURITY;

CREATE POLICY outside_busy_product ON public.outside_busy TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY own ON public.bookings FOR SELECT TO moorage_web USING (((client_id = ( SELECT public.asking_user() AS asking_user)) OR (practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY own_changes ON public.practitioner_locations TO moorage_web USING ((practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner))) WITH CHECK ((practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)));

CREATE POLICY own_changes ON public.practitioners FOR UPDATE TO moorage_web USING ((user_id = ( SELECT public.asking_user() AS asking_user))) WITH CHECK ((user_id = ( SELECT public.asking_user() AS asking_user)));

CREATE POLICY own_changes ON public.price_options TO moorage_web USING ((EXISTS ( SELECT
   FROM public.services s
  WHERE ((s.id = price_options.service_id) AND ((s.practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin)))))) WITH CHECK ((EXISTS ( SELECT
   FROM public.services s
  WHERE ((s.id = price_options.service_id) AND ((s.practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin))))));

CREATE POLICY own_changes ON public.services TO moorage_web USING (((practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin))) WITH CHECK (((practitioner_id = ( SELECT public.asking_practitioner() AS asking_practitioner)) OR ( SELECT public.asking_admin() AS asking_admin)));

ALTER TABLE public.payees ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payment_audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payment_records ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payment_tallies ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payments ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payout_weeks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payouts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.portal_links ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.practitioner_locations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.practitioner_months ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.practitioners ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.price_options ENABLE ROW LEVEL SECURITY;

CREATE POLICY product ON public.booking_participants TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.bookings TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.customer_tallies TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.disputes TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.earnings TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.external_identities TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.invoice_events TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.invoice_lines TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.invoice_payments TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.invoice_series TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.invoices TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.ledger_accounts TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.ledger_balances TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.ledger_entries TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.ledger_transactions TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.payees TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.payment_audit TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.payment_records TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.payment_tallies TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.payments TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.payout_weeks TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.payouts TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.portal_links TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.practitioner_months TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.provider_cursors TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.provider_customers TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.provider_operations TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.provider_products TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.quote_lines TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.quotes TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.receipts TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.reconciliation_findings TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.refunds TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.subscriptions TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.tallied_days TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.tally_state TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.tax_rates TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.webhook_events TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY product ON public.webhook_rejections TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE public.provider_cursors ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider_customers ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider_operations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider_products ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.quote_lines ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.quotes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.rate_limits ENABLE ROW LEVEL SECURITY;

CREATE POLICY rate_limits_product ON public.rate_limits TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY reading ON public.tax_rates FOR SELECT TO moorage_web USING (true);

ALTER TABLE public.receipts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconciliation_findings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.refresh_families ENABLE ROW LEVEL SECURITY;

CREATE POLICY refresh_families_product ON public.refresh_families TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE public.refresh_tokens ENABLE ROW LEVEL SECURITY;

CREATE POLICY refresh_tokens_product ON public.refresh_tokens TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE public.refunds ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.services ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.subscriptions ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tallied_days ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tally_state ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tax_rates ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

CREATE POLICY users_own ON public.users TO moorage_web USING (((id = ( SELECT public.asking_user() AS asking_user)) OR ( SELECT public.asking_admin() AS asking_admin))) WITH CHECK (((id = ( SELECT public.asking_user() AS asking_user)) OR ( SELECT public.asking_admin() AS asking_admin)));

CREATE POLICY users_product ON public.users TO moorage_engine, moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE public.webhook_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_rejections ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.accounts ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.charges ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.disputes ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.events ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.faults ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.intents ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.payouts ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.refunds ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.subscriptions ENABLE ROW LEVEL SECURITY;

CREATE POLICY the_gateway ON sandbox.accounts TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.charges TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.deliveries TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.disputes TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.events TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.faults TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.idempotency_keys TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.intents TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.payouts TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.refunds TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.subscriptions TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.transfers TO moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE sandbox.transfers ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA public TO moorage_web;
GRANT USAGE ON SCHEMA public TO moorage_worker;
GRANT ALL ON SCHEMA public TO moorage_engine;

GRANT USAGE ON SCHEMA sandbox TO moorage_worker;

REVOKE ALL ON FUNCTION public.accept_quote(p_quote uuid, p_by_link boolean, p_invoice uuid, p_series text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.accept_quote(p_quote uuid, p_by_link boolean, p_invoice uuid, p_series text, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.accept_quote(p_quote uuid, p_by_link boolean, p_invoice uuid, p_series text, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.account_at(p_email text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.add_places(p_sessions uuid[], p_places integer) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.payouts TO moorage_engine;
GRANT SELECT ON TABLE public.payouts TO moorage_worker;
GRANT SELECT ON TABLE public.payouts TO moorage_web;

REVOKE ALL ON FUNCTION public.alert_administrators(p_subject text, p_body text, p_cause text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.alert_administrators(p_subject text, p_body text, p_cause text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.annotate_payment(p_payment uuid, p_metadata jsonb, p_ours jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.annotate_payment(p_payment uuid, p_metadata jsonb, p_ours jsonb) TO moorage_web;
GRANT ALL ON FUNCTION public.annotate_payment(p_payment uuid, p_metadata jsonb, p_ours jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.apply_booking_payment(p_booking uuid, p_payment uuid, p_amount bigint, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.apply_invoice_payment(p_invoice uuid, p_payment uuid, p_amount bigint, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.apply_practitioner(p_id uuid, p_display_name text, p_bio text, p_timezone text, p_specializations text[], p_certifications text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.apply_practitioner(p_id uuid, p_display_name text, p_bio text, p_timezone text, p_specializations text[], p_certifications text[]) TO moorage_web;

REVOKE ALL ON FUNCTION public.appoint_practitioner(p_id uuid, p_user uuid, p_display_name text, p_timezone text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appoint_practitioner(p_id uuid, p_user uuid, p_display_name text, p_timezone text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.appointments_of(p_booking uuid, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appointments_of(p_booking uuid, p_by uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.appointments_of(p_booking uuid, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.asking_admin() FROM PUBLIC;
GRANT ALL ON FUNCTION public.asking_admin() TO moorage_web;
GRANT ALL ON FUNCTION public.asking_admin() TO moorage_worker;

REVOKE ALL ON FUNCTION public.asking_practitioner() FROM PUBLIC;
GRANT ALL ON FUNCTION public.asking_practitioner() TO moorage_web;
GRANT ALL ON FUNCTION public.asking_practitioner() TO moorage_worker;
GRANT ALL ON FUNCTION public.asking_practitioner() TO moorage_owner;

REVOKE ALL ON FUNCTION public.asking_product() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.begin_idempotent(p_caller text, p_key text, p_fingerprint bytea, p_subject uuid, p_lock_s integer, p_hours integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.begin_idempotent(p_caller text, p_key text, p_fingerprint bytea, p_subject uuid, p_lock_s integer, p_hours integer) TO moorage_web;

GRANT SELECT,INSERT,UPDATE ON TABLE public.payees TO moorage_engine;
GRANT SELECT ON TABLE public.payees TO moorage_worker;
GRANT SELECT ON TABLE public.payees TO moorage_web;

REVOKE ALL ON FUNCTION public.begin_payee(p_id uuid, p_practitioner uuid, p_provider text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.begin_payee(p_id uuid, p_practitioner uuid, p_provider text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.bill_booking(p_invoice uuid, p_booking uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.bill_booking(p_invoice uuid, p_booking uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.bill_booking(p_invoice uuid, p_booking uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.block_time(p_block uuid, p_practitioner uuid, p_during tstzrange) FROM PUBLIC;
GRANT ALL ON FUNCTION public.block_time(p_block uuid, p_practitioner uuid, p_during tstzrange) TO moorage_web;
GRANT ALL ON FUNCTION public.block_time(p_block uuid, p_practitioner uuid, p_during tstzrange) TO moorage_worker;

REVOKE ALL ON FUNCTION public.blocks_of(p_practitioner uuid, p_from timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.blocks_of(p_practitioner uuid, p_from timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.blocks_of(p_practitioner uuid, p_from timestamp with time zone) TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bookings TO moorage_engine;
GRANT SELECT ON TABLE public.bookings TO moorage_web;
GRANT SELECT ON TABLE public.bookings TO moorage_worker;

REVOKE ALL ON FUNCTION public.booking_side(b public.bookings, p_by uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.bounce_by_hand(p_payment uuid, p_reason text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.bounce_by_hand(p_payment uuid, p_reason text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.bounce_by_hand_for_asking(p_payment uuid, p_reason text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.bounce_by_hand_for_asking(p_payment uuid, p_reason text, p_by uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.bounce_by_hand_for_asking(p_payment uuid, p_reason text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.cancel_booking(p_booking uuid, p_by uuid, p_reason text, p_now timestamp with time zone, OUT refund_minor bigint, OUT operations uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_booking(p_booking uuid, p_by uuid, p_reason text, p_now timestamp with time zone, OUT refund_minor bigint, OUT operations uuid[]) TO moorage_web;
GRANT ALL ON FUNCTION public.cancel_booking(p_booking uuid, p_by uuid, p_reason text, p_now timestamp with time zone, OUT refund_minor bigint, OUT operations uuid[]) TO moorage_worker;

REVOKE ALL ON FUNCTION public.cancel_for_asking(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_for_asking(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.cancel_for_asking(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.cancel_open_payment(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_open_payment(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.cancel_stale_payments(p_patience interval, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_stale_payments(p_patience interval, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.cancel_terms(b public.bookings, p_side text, p_now timestamp with time zone, OUT refund_minor bigint, OUT fee_minor bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.capture_for_asking(p_operation uuid, p_payment uuid, p_amount bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.capture_for_asking(p_operation uuid, p_payment uuid, p_amount bigint) TO moorage_web;
GRANT ALL ON FUNCTION public.capture_for_asking(p_operation uuid, p_payment uuid, p_amount bigint) TO moorage_worker;

REVOKE ALL ON FUNCTION public.change_booking(p_booking uuid, p_by uuid, p_requests text, p_people jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.change_booking(p_booking uuid, p_by uuid, p_requests text, p_people jsonb) TO moorage_web;
GRANT ALL ON FUNCTION public.change_booking(p_booking uuid, p_by uuid, p_requests text, p_people jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.change_order(p_booking uuid, p_by uuid, p_places integer, p_option text, p_address text, p_requests text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.change_order(p_booking uuid, p_by uuid, p_places integer, p_option text, p_address text, p_requests text, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.change_order(p_booking uuid, p_by uuid, p_places integer, p_option text, p_address text, p_requests text, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.check_cancellable(b public.bookings, p_side text, p_now timestamp with time zone) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.payments TO moorage_engine;
GRANT SELECT ON TABLE public.payments TO moorage_worker;
GRANT SELECT ON TABLE public.payments TO moorage_web;

REVOKE ALL ON FUNCTION public.check_changeable(b public.bookings, p_side text, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.check_may_invoice(p_sentence text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.check_not_enrolled(p_booking uuid, p_client uuid, p_service uuid, p_session uuid, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.check_not_enrolled(p_booking uuid, p_client uuid, p_service uuid, p_session uuid, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.check_not_enrolled(p_booking uuid, p_client uuid, p_service uuid, p_session uuid, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.check_side(b public.bookings, p_booking uuid, p_by uuid, p_allowed text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.choose_tax_rate(p_country text, p_region text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.choose_tax_rate(p_country text, p_region text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.claim_events(p_limit integer, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_events(p_limit integer, p_lease interval) TO moorage_worker;

REVOKE ALL ON FUNCTION public.claim_operation(p_operation uuid, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_operation(p_operation uuid, p_lease interval) TO moorage_worker;

REVOKE ALL ON FUNCTION public.claim_payout_call(p_operation uuid, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_payout_call(p_operation uuid, p_lease interval) TO moorage_worker;

REVOKE ALL ON FUNCTION public.claim_time(p_claim uuid, p_resource bigint, p_during tstzrange, p_kind text, p_expires timestamp with time zone, p_booking uuid, p_session uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_time(p_claim uuid, p_resource bigint, p_during tstzrange, p_kind text, p_expires timestamp with time zone, p_booking uuid, p_session uuid) TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.disputes TO moorage_engine;
GRANT SELECT ON TABLE public.disputes TO moorage_worker;
GRANT SELECT ON TABLE public.disputes TO moorage_web;

REVOKE ALL ON FUNCTION public.close_event(p_event uuid, p_status text, p_outcome text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.close_event(p_event uuid, p_status text, p_outcome text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.close_invoice(p_invoice uuid, p_reason text, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.close_operation(p_operation uuid, p_status text, p_answer jsonb, p_error text, p_wait interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.close_operation(p_operation uuid, p_status text, p_answer jsonb, p_error text, p_wait interval) TO moorage_worker;

REVOKE ALL ON FUNCTION public.collect_for_booking(p_payment uuid, p_operation uuid, p_booking uuid, p_provider text, p_default_provider text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.collect_for_booking(p_payment uuid, p_operation uuid, p_booking uuid, p_provider text, p_default_provider text) TO moorage_web;
GRANT ALL ON FUNCTION public.collect_for_booking(p_payment uuid, p_operation uuid, p_booking uuid, p_provider text, p_default_provider text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.commission_rate(p_gross bigint, p_currency text, p_bps integer, p_above bigint[], p_tier_bps integer[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.complete_booking(p_booking uuid, p_by uuid, p_now timestamp with time zone, p_refund_window_hours integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_booking(p_booking uuid, p_by uuid, p_now timestamp with time zone, p_refund_window_hours integer) TO moorage_web;
GRANT ALL ON FUNCTION public.complete_booking(p_booking uuid, p_by uuid, p_now timestamp with time zone, p_refund_window_hours integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.complete_by_hand(p_payment uuid, p_by uuid, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_by_hand(p_payment uuid, p_by uuid, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.complete_by_hand_for_asking(p_payment uuid, p_by uuid, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_by_hand_for_asking(p_payment uuid, p_by uuid, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.complete_by_hand_for_asking(p_payment uuid, p_by uuid, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.confirm_booking(p_booking uuid, p_by uuid, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.confirm_booking(p_booking uuid, p_by uuid, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.confirm_booking(p_booking uuid, p_by uuid, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.confirm_claim(p_booking uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.confirm_claim(p_booking uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.confirm_for_payer(p_operation uuid, p_payment uuid, p_method text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.confirm_for_payer(p_operation uuid, p_payment uuid, p_method text) TO moorage_web;
GRANT ALL ON FUNCTION public.confirm_for_payer(p_operation uuid, p_payment uuid, p_method text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.count_gross(p_practitioner uuid, p_at timestamp with time zone, p_currency text, p_amount bigint) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.invoices TO moorage_engine;
GRANT SELECT ON TABLE public.invoices TO moorage_worker;
GRANT SELECT ON TABLE public.invoices TO moorage_web;

REVOKE ALL ON FUNCTION public.count_invoice_payment(i public.invoices, p_payment uuid, p_amount bigint, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.count_rejection(p_provider text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.count_rejection(p_provider text, p_reason text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.cover_booking_invoices(p_booking uuid, p_payment uuid, p_amount bigint, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.create_sessions(p_service uuid, p_starts timestamp with time zone[], p_ids uuid[], p_claim_ids uuid[], p_capacity integer, p_skip_conflicts boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_sessions(p_service uuid, p_starts timestamp with time zone[], p_ids uuid[], p_claim_ids uuid[], p_capacity integer, p_skip_conflicts boolean) TO moorage_web;
GRANT ALL ON FUNCTION public.create_sessions(p_service uuid, p_starts timestamp with time zone[], p_ids uuid[], p_claim_ids uuid[], p_capacity integer, p_skip_conflicts boolean) TO moorage_worker;

REVOKE ALL ON FUNCTION public.deactivate_claim(p_claim uuid, p_resource bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.deactivate_claim(p_claim uuid, p_resource bigint) TO moorage_worker;

REVOKE ALL ON FUNCTION public.decide_practitioner(p_practitioner uuid, p_status text, p_reason text, p_subject text, p_body text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.decide_practitioner(p_practitioner uuid, p_status text, p_reason text, p_subject text, p_body text) TO moorage_web;

REVOKE ALL ON FUNCTION public.decline_quote(p_quote uuid, p_by_link boolean, p_reason text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.decline_quote(p_quote uuid, p_by_link boolean, p_reason text, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.decline_quote(p_quote uuid, p_by_link boolean, p_reason text, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.describe_booking(p_booking uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.describe_booking(p_booking uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.describe_record(p_no bigint, p_changes jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.describe_record(p_no bigint, p_changes jsonb) TO moorage_web;
GRANT ALL ON FUNCTION public.describe_record(p_no bigint, p_changes jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.draft_invoice(p_invoice uuid, p_customer uuid, p_email text, p_name text, p_address text, p_booking uuid, p_currency text, p_lines jsonb, p_note text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.draft_invoice(p_invoice uuid, p_customer uuid, p_email text, p_name text, p_address text, p_booking uuid, p_currency text, p_lines jsonb, p_note text) TO moorage_web;
GRANT ALL ON FUNCTION public.draft_invoice(p_invoice uuid, p_customer uuid, p_email text, p_name text, p_address text, p_booking uuid, p_currency text, p_lines jsonb, p_note text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.drop_booking(b public.bookings, p_kind text, p_by uuid, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.due_operations(p_limit integer, p_planned_after interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.due_operations(p_limit integer, p_planned_after interval) TO moorage_worker;

REVOKE ALL ON FUNCTION public.due_weekly_payouts(p_week date, p_minimum integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.due_weekly_payouts(p_week date, p_minimum integer, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.earliest_free(p_resource bigint, p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.earliest_free(p_resource bigint, p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer) TO moorage_web;
GRANT ALL ON FUNCTION public.earliest_free(p_resource bigint, p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.earn(b public.bookings, p_payment uuid, p_amount bigint) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.earnings TO moorage_engine;
GRANT SELECT ON TABLE public.earnings TO moorage_web;
GRANT SELECT ON TABLE public.earnings TO moorage_worker;

REVOKE ALL ON FUNCTION public.end_for_asking(p_subscription uuid, p_at_period_end boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.end_for_asking(p_subscription uuid, p_at_period_end boolean) TO moorage_web;
GRANT ALL ON FUNCTION public.end_for_asking(p_subscription uuid, p_at_period_end boolean) TO moorage_worker;

REVOKE ALL ON FUNCTION public.end_subscription(p_subscription uuid, p_at_period_end boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.end_subscription(p_subscription uuid, p_at_period_end boolean) TO moorage_worker;

REVOKE ALL ON FUNCTION public.enqueue_job(entrypoint text, payload jsonb, dedupe text, delay interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.enqueue_job(entrypoint text, payload jsonb, dedupe text, delay interval) TO moorage_web;
GRANT ALL ON FUNCTION public.enqueue_job(entrypoint text, payload jsonb, dedupe text, delay interval) TO moorage_worker;

REVOKE ALL ON FUNCTION public.enrol_children(p_parent uuid, p_sessions uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.extend_claim(p_booking uuid, p_expires timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.extend_claim(p_booking uuid, p_expires timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.extend_free_days(p_practitioner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.extend_free_days(p_practitioner uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.extend_hold(p_booking uuid, p_by uuid, p_minutes integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.extend_hold(p_booking uuid, p_by uuid, p_minutes integer) TO moorage_web;
GRANT ALL ON FUNCTION public.extend_hold(p_booking uuid, p_by uuid, p_minutes integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.external_subject(p_user uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.external_subject(p_user uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.external_subject(p_user uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.external_users(p_subject text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.external_users(p_subject text) TO moorage_web;
GRANT ALL ON FUNCTION public.external_users(p_subject text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.finalize_invoice(p_invoice uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.finalize_invoice(p_invoice uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.finalize_invoice(p_invoice uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.find_practitioners(p_filters jsonb, p_order text[], p_limit integer, p_offset integer, p_now timestamp with time zone, OUT ids uuid[], OUT total bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.find_practitioners(p_filters jsonb, p_order text[], p_limit integer, p_offset integer, p_now timestamp with time zone, OUT ids uuid[], OUT total bigint) TO moorage_web;

REVOKE ALL ON FUNCTION public.find_services(p_filters jsonb, p_order text[], p_limit integer, p_offset integer, OUT ids uuid[], OUT total bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.find_services(p_filters jsonb, p_order text[], p_limit integer, p_offset integer, OUT ids uuid[], OUT total bigint) TO moorage_web;

REVOKE ALL ON FUNCTION public.finish_booking(b public.bookings, p_attended boolean, p_now timestamp with time zone, p_window_hours integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.finish_payout_week(p_week date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.finish_payout_week(p_week date) TO moorage_worker;

REVOKE ALL ON FUNCTION public.foresee_tax(p_payment uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.free_expired_claims(p_resource bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.free_expired_claims(p_resource bigint) TO moorage_worker;

REVOKE ALL ON FUNCTION public.free_time(p_practitioner uuid, p_from timestamp with time zone, p_to timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.free_time(p_practitioner uuid, p_from timestamp with time zone, p_to timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.free_time(p_practitioner uuid, p_from timestamp with time zone, p_to timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.give_back(b public.bookings, p_payment uuid, p_amount bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_tables(p_tables text[], p_readers text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.hand_over(p_refund uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.hand_over(p_refund uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.hand_over_for_asking(p_refund uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.hand_over_for_asking(p_refund uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.hand_over_for_asking(p_refund uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.hold_booking(p_id uuid, p_client uuid, p_family uuid, p_now timestamp with time zone, p_service uuid, p_starts timestamp with time zone, p_ends timestamp with time zone, p_session uuid, p_timezone text, p_names text[], p_emails text[], p_options text[], p_requests text, p_payment uuid, p_operation uuid, p_provider text, p_hold_minutes integer, p_bps integer, p_above bigint[], p_tier_bps integer[], p_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.hold_booking(p_id uuid, p_client uuid, p_family uuid, p_now timestamp with time zone, p_service uuid, p_starts timestamp with time zone, p_ends timestamp with time zone, p_session uuid, p_timezone text, p_names text[], p_emails text[], p_options text[], p_requests text, p_payment uuid, p_operation uuid, p_provider text, p_hold_minutes integer, p_bps integer, p_above bigint[], p_tier_bps integer[], p_address text) TO moorage_web;
GRANT ALL ON FUNCTION public.hold_booking(p_id uuid, p_client uuid, p_family uuid, p_now timestamp with time zone, p_service uuid, p_starts timestamp with time zone, p_ends timestamp with time zone, p_session uuid, p_timezone text, p_names text[], p_emails text[], p_options text[], p_requests text, p_payment uuid, p_operation uuid, p_provider text, p_hold_minutes integer, p_bps integer, p_above bigint[], p_tier_bps integer[], p_address text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.hold_earning(p_payment uuid, p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.hold_earning(p_payment uuid, p_at timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.host_invoice(p_invoice uuid, p_payment uuid, p_operation uuid, p_provider text, p_page text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.host_invoice(p_invoice uuid, p_payment uuid, p_operation uuid, p_provider text, p_page text) TO moorage_web;
GRANT ALL ON FUNCTION public.host_invoice(p_invoice uuid, p_payment uuid, p_operation uuid, p_provider text, p_page text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.hosted_lines(i public.invoices, p_owed bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.identity_asks(p_issuer text, p_subject text, p_is_admin boolean, p_email text, p_kept_id uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.identity_asks(p_issuer text, p_subject text, p_is_admin boolean, p_email text, p_kept_id uuid, p_id uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.identity_asks(p_issuer text, p_subject text, p_is_admin boolean, p_email text, p_kept_id uuid, p_id uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.invoice_address(i public.invoices) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.invoice_owed(p_invoice uuid, OUT owed_minor bigint, OUT currency text, OUT payer uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.invoices_to_remind_of(p_days integer[], p_now timestamp with time zone, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.invoices_to_remind_of(p_days integer[], p_now timestamp with time zone, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.keep_answer(p_caller text, p_key text, p_subject uuid, p_status integer, p_type text, p_body bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_answer(p_caller text, p_key text, p_subject uuid, p_status integer, p_type text, p_body bytea) TO moorage_web;

REVOKE ALL ON FUNCTION public.keep_customer(p_id uuid, p_provider text, p_provider_ref text, p_user uuid, p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_customer(p_id uuid, p_provider text, p_provider_ref text, p_user uuid, p_email text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.keep_findings(p_provider text, p_since timestamp with time zone, p_until timestamp with time zone, p_found jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_findings(p_provider text, p_since timestamp with time zone, p_until timestamp with time zone, p_found jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.keep_issued_invoice() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_on_subscription(p_subscription uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_on_subscription(p_subscription uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.keep_payee(p_id uuid, p_provider_ref text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_payee(p_id uuid, p_provider_ref text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.keep_product(p_provider text, p_local_key text, p_product text, p_price text, p_digest text, p_is_active boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.keep_product(p_provider text, p_local_key text, p_product text, p_price text, p_digest text, p_is_active boolean) TO moorage_worker;

REVOKE ALL ON FUNCTION public.lapsed_places(p_session uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.lapsed_places(p_session uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.lapsed_places(p_session uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.lock_booking(p_booking uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_invoice(p_invoice uuid) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.quotes TO moorage_engine;
GRANT SELECT ON TABLE public.quotes TO moorage_worker;
GRANT SELECT ON TABLE public.quotes TO moorage_web;

REVOKE ALL ON FUNCTION public.lock_quote(p_quote uuid, p_by_link boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.lock_whole_invoice(p_invoice uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.make_confirmed(b public.bookings, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.make_quote(p_quote uuid, p_customer uuid, p_email text, p_name text, p_address text, p_booking uuid, p_currency text, p_lines jsonb, p_note text, p_expires_at timestamp with time zone, p_days_until_due integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.make_quote(p_quote uuid, p_customer uuid, p_email text, p_name text, p_address text, p_booking uuid, p_currency text, p_lines jsonb, p_note text, p_expires_at timestamp with time zone, p_days_until_due integer) TO moorage_web;
GRANT ALL ON FUNCTION public.make_quote(p_quote uuid, p_customer uuid, p_email text, p_name text, p_address text, p_booking uuid, p_currency text, p_lines jsonb, p_note text, p_expires_at timestamp with time zone, p_days_until_due integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.make_way(p_booking uuid, p_client uuid, p_service uuid, p_resource bigint, p_starts timestamp with time zone, p_ends timestamp with time zone, p_wanted tstzrange) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.mark_no_show(p_booking uuid, p_by uuid, p_now timestamp with time zone, p_refund_window_hours integer, OUT refund_minor bigint, OUT operations uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.mark_no_show(p_booking uuid, p_by uuid, p_now timestamp with time zone, p_refund_window_hours integer, OUT refund_minor bigint, OUT operations uuid[]) TO moorage_web;
GRANT ALL ON FUNCTION public.mark_no_show(p_booking uuid, p_by uuid, p_now timestamp with time zone, p_refund_window_hours integer, OUT refund_minor bigint, OUT operations uuid[]) TO moorage_worker;

REVOKE ALL ON FUNCTION public.mark_paid_earnings(p_practitioner uuid, p_currency text, p_paid bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.mark_payout_failed(p_payout uuid, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.mark_payout_failed(p_payout uuid, p_reason text) TO moorage_web;
GRANT ALL ON FUNCTION public.mark_payout_failed(p_payout uuid, p_reason text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.mark_payout_paid(p_payout uuid, p_note text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.mark_payout_paid(p_payout uuid, p_note text) TO moorage_web;
GRANT ALL ON FUNCTION public.mark_payout_paid(p_payout uuid, p_note text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.meet_identity(p_issuer text, p_subject text, p_is_admin boolean, p_email text, p_kept_id uuid, p_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.month_of(p_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.move_claim(p_booking uuid, p_during tstzrange) FROM PUBLIC;
GRANT ALL ON FUNCTION public.move_claim(p_booking uuid, p_during tstzrange) TO moorage_worker;

REVOKE ALL ON FUNCTION public.move_cursor(p_provider text, p_until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.move_cursor(p_provider text, p_until timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.move_invoice_refunded(p_invoice uuid, p_change bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.move_place(b public.bookings, p_session uuid, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.move_record(p_payment uuid, p_to text, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.move_time(b public.bookings, p_starts timestamp with time zone, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.note_invoice(p_invoice uuid, p_kind text, p_details jsonb, p_by uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.note_payment(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_ref text, p_terms jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.note_payment(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_ref text, p_terms jsonb) TO moorage_web;
GRANT ALL ON FUNCTION public.note_payment(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_ref text, p_terms jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.note_refund_reference(p_refund uuid, p_provider_ref text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.note_refund_reference(p_refund uuid, p_provider_ref text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.note_state(p_booking uuid, p_state integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.note_state(p_booking uuid, p_state integer) TO moorage_web;
GRANT ALL ON FUNCTION public.note_state(p_booking uuid, p_state integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.number_invoice(p_invoice uuid, p_series text, p_due_at timestamp with time zone, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.open_for_asking(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_terms jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_for_asking(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_terms jsonb) TO moorage_web;
GRANT ALL ON FUNCTION public.open_for_asking(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_terms jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.open_for_purpose(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_terms jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_for_purpose(p_payment uuid, p_operation uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text, p_terms jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.open_of_invoice(i public.invoices) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_of_invoice(i public.invoices) TO moorage_web;
GRANT ALL ON FUNCTION public.open_of_invoice(i public.invoices) TO moorage_worker;

REVOKE ALL ON FUNCTION public.open_payment(p_id uuid, p_operation_id uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_payment(p_id uuid, p_operation_id uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_provider text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.own_tax_bps() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.payment_record_exists(p_no bigint, p_gateway_payment_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.payment_record_exists(p_no bigint, p_gateway_payment_id text) TO moorage_web;
GRANT ALL ON FUNCTION public.payment_record_exists(p_no bigint, p_gateway_payment_id text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.payout_week_is_due(p_week date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.payout_week_is_due(p_week date) TO moorage_worker;

REVOKE ALL ON FUNCTION public.plan_cancel(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.plan_cancel(p_operation uuid, p_payment uuid, p_reason text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.plan_capture(p_operation uuid, p_payment uuid, p_amount bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.plan_capture(p_operation uuid, p_payment uuid, p_amount bigint) TO moorage_worker;

REVOKE ALL ON FUNCTION public.plan_confirm(p_operation uuid, p_payment uuid, p_method text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.plan_confirm(p_operation uuid, p_payment uuid, p_method text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.plan_operation(p_operation_id uuid, p_provider text, p_kind text, p_payment uuid, p_refund uuid, p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.plan_operation(p_operation_id uuid, p_provider text, p_kind text, p_payment uuid, p_refund uuid, p_request jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.plan_refund(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.plan_refund(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.post(p_id uuid, p_kind text, p_reference_type text, p_reference_id uuid, p_cause text, p_currency text, p_accounts text[], p_amounts bigint[], p_reverses uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.post(p_id uuid, p_kind text, p_reference_type text, p_reference_id uuid, p_cause text, p_currency text, p_accounts text[], p_amounts bigint[], p_reverses uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.postpone_event(p_event uuid, p_outcome text, p_wait interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.postpone_event(p_event uuid, p_outcome text, p_wait interval) TO moorage_worker;

REVOKE ALL ON FUNCTION public.practitioner_private(p_practitioner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.practitioner_private(p_practitioner uuid) TO moorage_web;

REVOKE ALL ON FUNCTION public.preview_cancel(p_booking uuid, p_by uuid, p_now timestamp with time zone, OUT refund_minor bigint, OUT fee_minor bigint, OUT currency text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.preview_cancel(p_booking uuid, p_by uuid, p_now timestamp with time zone, OUT refund_minor bigint, OUT fee_minor bigint, OUT currency text) TO moorage_web;
GRANT ALL ON FUNCTION public.preview_cancel(p_booking uuid, p_by uuid, p_now timestamp with time zone, OUT refund_minor bigint, OUT fee_minor bigint, OUT currency text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.price_booking(p_booking uuid, p_total bigint, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.price_participants(p_service uuid, p_has_options boolean, p_options text[], p_places integer, p_each bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.priced_lines(p_lines jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.queue_mail(p_user uuid, p_recipient text, p_subject text, p_body text, p_cause text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.queue_mail(p_user uuid, p_recipient text, p_subject text, p_body text, p_cause text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.rebuild_free_days(p_practitioner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.rebuild_free_days(p_practitioner uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.reclaim(p_booking uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reclaim(p_booking uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_action(p_action text, p_subject_type text, p_subject uuid, p_details jsonb, p_actor uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_action(p_action text, p_subject_type text, p_subject uuid, p_details jsonb, p_actor uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_by_hand(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_method text, p_status text, p_excess text, p_terms jsonb, p_by uuid, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_by_hand(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_method text, p_status text, p_excess text, p_terms jsonb, p_by uuid, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_by_hand_for_asking(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_method text, p_status text, p_excess text, p_terms jsonb, p_by uuid, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_by_hand_for_asking(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_method text, p_status text, p_excess text, p_terms jsonb, p_by uuid, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.record_by_hand_for_asking(p_payment uuid, p_purpose text, p_purpose_id uuid, p_payer uuid, p_amount bigint, p_currency text, p_method text, p_status text, p_excess text, p_terms jsonb, p_by uuid, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_dispute(p_dispute uuid, p_payment uuid, p_provider_ref text, p_amount bigint, p_status text, p_reason text, p_evidence_due timestamp with time zone, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_dispute(p_dispute uuid, p_payment uuid, p_provider_ref text, p_amount bigint, p_status text, p_reason text, p_evidence_due timestamp with time zone, p_data jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_earning(p_booking uuid, p_payment uuid, p_practitioner uuid, p_gross bigint, p_commission bigint, p_bps integer, p_currency text, p_is_house boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_earning(p_booking uuid, p_payment uuid, p_practitioner uuid, p_gross bigint, p_commission bigint, p_bps integer, p_currency text, p_is_house boolean) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_external_refund(p_refund uuid, p_payment uuid, p_amount bigint, p_provider_ref text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_external_refund(p_refund uuid, p_payment uuid, p_amount bigint, p_provider_ref text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_of_asker(p_no bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.record_payee(p_provider text, p_provider_ref text, p_can_be_paid boolean, p_submitted boolean, p_missing text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_payee(p_provider text, p_provider_ref text, p_can_be_paid boolean, p_submitted boolean, p_missing text[]) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_payment(p_payment uuid, p_amount bigint, p_currency text, p_provider text, p_status text, p_record jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_payment(p_payment uuid, p_amount bigint, p_currency text, p_provider text, p_status text, p_record jsonb) TO moorage_web;
GRANT ALL ON FUNCTION public.record_payment(p_payment uuid, p_amount bigint, p_currency text, p_provider text, p_status text, p_record jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_payment_status(p_payment uuid, p_new text, p_reason text, p_provider_ref text, p_method text, p_failure text, p_data jsonb, p_changed_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_payment_status(p_payment uuid, p_new text, p_reason text, p_provider_ref text, p_method text, p_failure text, p_data jsonb, p_changed_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_payout(p_payout uuid, p_status text, p_amount bigint, p_currency text, p_payee text, p_provider_ref text, p_ids jsonb, p_returned bigint, p_failure text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_payout(p_payout uuid, p_status text, p_amount bigint, p_currency text, p_payee text, p_provider_ref text, p_ids jsonb, p_returned bigint, p_failure text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_receipt(p_payment uuid, p_reference_type text, p_reference uuid, p_gross bigint, p_tax bigint, p_currency text, p_held text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_receipt(p_payment uuid, p_reference_type text, p_reference uuid, p_gross bigint, p_tax bigint, p_currency text, p_held text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_refund(p_refund uuid, p_succeeded boolean, p_provider_ref text, p_failure text, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_refund(p_refund uuid, p_succeeded boolean, p_provider_ref text, p_failure text, p_data jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.record_subscription(p_id uuid, p_provider text, p_told jsonb, p_email text, p_asked_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_subscription(p_id uuid, p_provider text, p_told jsonb, p_email text, p_asked_at timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.refresh_around(p_resource bigint, p_during tstzrange) FROM PUBLIC;
GRANT ALL ON FUNCTION public.refresh_around(p_resource bigint, p_during tstzrange) TO moorage_worker;

REVOKE ALL ON FUNCTION public.refresh_free_days(p_resource bigint, p_from date, p_to date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.refresh_free_days(p_resource bigint, p_from date, p_to date) TO moorage_worker;

REVOKE ALL ON FUNCTION public.refund_booking(b public.bookings, p_amount bigint, p_reason text, p_by uuid, OUT planned_minor bigint, OUT calls uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.refund_for_asking(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_notes text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.refund_for_asking(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_notes text, p_by uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.refund_for_asking(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_notes text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.refund_for_purpose(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_notes text, p_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.refund_for_purpose(p_refund uuid, p_operation uuid, p_payment uuid, p_amount bigint, p_reason text, p_notes text, p_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.release_claim(p_booking uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_claim(p_booking uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.release_earnings(p_now timestamp with time zone, p_booking uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_earnings(p_now timestamp with time zone, p_booking uuid, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.release_expired_holds(p_resource bigint, p_session uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_expired_holds(p_resource bigint, p_session uuid, p_limit integer) TO moorage_web;
GRANT ALL ON FUNCTION public.release_expired_holds(p_resource bigint, p_session uuid, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.release_key(p_caller text, p_key text, p_subject uuid, p_forget boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_key(p_caller text, p_key text, p_subject uuid, p_forget boolean) TO moorage_web;

REVOKE ALL ON FUNCTION public.release_session_claim(p_session uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_session_claim(p_session uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.remind_of_invoices(p_days integer[], p_pages jsonb, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.remind_of_invoices(p_days integer[], p_pages jsonb, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.repeated_hold(p_id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.replace_hold(b public.bookings) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.replace_outside_busy(p_resource bigint, p_source text, p_during tstzrange[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.replace_outside_busy(p_resource bigint, p_source text, p_during tstzrange[]) TO moorage_worker;

REVOKE ALL ON FUNCTION public.replace_schedule(p_practitioner uuid, p_zone text, p_weekdays integer[], p_starts integer[], p_minutes integer[], p_valid_from date[], p_valid_to date[], p_dates date[], p_window_dates date[], p_window_starts integer[], p_window_minutes integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.replace_schedule(p_practitioner uuid, p_zone text, p_weekdays integer[], p_starts integer[], p_minutes integer[], p_valid_from date[], p_valid_to date[], p_dates date[], p_window_dates date[], p_window_starts integer[], p_window_minutes integer[]) TO moorage_web;
GRANT ALL ON FUNCTION public.replace_schedule(p_practitioner uuid, p_zone text, p_weekdays integer[], p_starts integer[], p_minutes integer[], p_valid_from date[], p_valid_to date[], p_dates date[], p_window_dates date[], p_window_starts integer[], p_window_minutes integer[]) TO moorage_worker;

REVOKE ALL ON FUNCTION public.replay_event(p_event uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.replay_event(p_event uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.report_customers(p_currency text, p_limit integer, p_offset integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.report_customers(p_currency text, p_limit integer, p_offset integer) TO moorage_web;

REVOKE ALL ON FUNCTION public.report_disputes(p_currency text, p_from timestamp with time zone, p_to timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.report_disputes(p_currency text, p_from timestamp with time zone, p_to timestamp with time zone) TO moorage_web;

REVOKE ALL ON FUNCTION public.report_payments(p_currency text, p_edges timestamp with time zone[], p_days timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.report_payments(p_currency text, p_edges timestamp with time zone[], p_days timestamp with time zone[]) TO moorage_web;

REVOKE ALL ON FUNCTION public.report_refunds(p_currency text, p_from timestamp with time zone, p_to timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.report_refunds(p_currency text, p_from timestamp with time zone, p_to timestamp with time zone) TO moorage_web;

REVOKE ALL ON FUNCTION public.reprice_booking(b public.bookings, p_total bigint, p_by uuid, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.request_payout(p_payout uuid, p_operation uuid, p_practitioner uuid, p_amount bigint, p_currency text, p_minimum integer, p_providers text[], p_by uuid, p_week date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.request_payout(p_payout uuid, p_operation uuid, p_practitioner uuid, p_amount bigint, p_currency text, p_minimum integer, p_providers text[], p_by uuid, p_week date) TO moorage_worker;

REVOKE ALL ON FUNCTION public.request_payout_for_asking(p_payout uuid, p_operation uuid, p_amount bigint, p_currency text, p_minimum integer, p_providers text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.request_payout_for_asking(p_payout uuid, p_operation uuid, p_amount bigint, p_currency text, p_minimum integer, p_providers text[]) TO moorage_web;
GRANT ALL ON FUNCTION public.request_payout_for_asking(p_payout uuid, p_operation uuid, p_amount bigint, p_currency text, p_minimum integer, p_providers text[]) TO moorage_worker;

REVOKE ALL ON FUNCTION public.request_weekly_payout(p_payout uuid, p_operation uuid, p_practitioner uuid, p_currency text, p_week date, p_minimum integer, p_providers text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.request_weekly_payout(p_payout uuid, p_operation uuid, p_practitioner uuid, p_currency text, p_week date, p_minimum integer, p_providers text[]) TO moorage_worker;

REVOKE ALL ON FUNCTION public.reschedule_booking(p_booking uuid, p_by uuid, p_starts timestamp with time zone, p_session uuid, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reschedule_booking(p_booking uuid, p_by uuid, p_starts timestamp with time zone, p_session uuid, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.reschedule_booking(p_booking uuid, p_by uuid, p_starts timestamp with time zone, p_session uuid, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.resources_with_expired_holds(p_from timestamp with time zone, p_to timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.resources_with_expired_holds(p_from timestamp with time zone, p_to timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.resources_with_expired_holds(p_from timestamp with time zone, p_to timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.restate_payment(p_payment uuid, p_reason text, p_data jsonb, p_changed_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.restate_payment(p_payment uuid, p_reason text, p_data jsonb, p_changed_by uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.restate_record(p_no bigint, p_to text, p_from text[], OUT outcome text, OUT was text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.restate_record(p_no bigint, p_to text, p_from text[], OUT outcome text, OUT was text) TO moorage_web;
GRANT ALL ON FUNCTION public.restate_record(p_no bigint, p_to text, p_from text[], OUT outcome text, OUT was text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.restore_earning(p_payment uuid, p_cause text, p_failed_cause text, p_amount bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.restore_earning(p_payment uuid, p_cause text, p_failed_cause text, p_amount bigint) TO moorage_worker;

REVOKE ALL ON FUNCTION public.reverse_earning(p_payment uuid, p_kind text, p_reference_type text, p_reference_id uuid, p_cause text, p_amount bigint, p_currency text, p_held text, p_to text, p_lost boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reverse_earning(p_payment uuid, p_kind text, p_reference_type text, p_reference_id uuid, p_cause text, p_amount bigint, p_currency text, p_held text, p_to text, p_lost boolean) TO moorage_worker;

REVOKE ALL ON FUNCTION public.reverse_transaction(p_id uuid, p_transaction uuid, p_cause text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reverse_transaction(p_id uuid, p_transaction uuid, p_cause text) TO moorage_worker;

REVOKE ALL ON FUNCTION public.roll_free_days(p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.roll_free_days(p_after bigint, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.rotate_refresh(p_hash bytea, p_new_hash bytea, p_lifetime interval, p_grace interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.rotate_refresh(p_hash bytea, p_new_hash bytea, p_lifetime interval, p_grace interval) TO moorage_worker;

REVOKE ALL ON FUNCTION public.run_as_engine(p_functions text[], p_callers text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.schedule_earnings(p_booking uuid, p_available_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.schedule_earnings(p_booking uuid, p_available_at timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.search_free(p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer, p_now timestamp with time zone, p_after bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.search_free(p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer, p_now timestamp with time zone, p_after bigint, p_limit integer) TO moorage_web;
GRANT ALL ON FUNCTION public.search_free(p_from timestamp with time zone, p_to timestamp with time zone, p_minutes integer, p_now timestamp with time zone, p_after bigint, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.seat_guests(b public.bookings, p_places integer, p_option text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.sessions_of(p_booking uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.set_practitioner_house(p_practitioner uuid, p_is_house boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_practitioner_house(p_practitioner uuid, p_is_house boolean) TO moorage_web;

REVOKE ALL ON FUNCTION public.set_practitioner_terms(p_practitioner uuid, p_is_featured boolean, p_commission_bps integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_practitioner_terms(p_practitioner uuid, p_is_featured boolean, p_commission_bps integer) TO moorage_web;

REVOKE ALL ON FUNCTION public.settle_answer(p_operation uuid, p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.settle_answer(p_operation uuid, p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.settle_event(p_event uuid, p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.settle_event(p_event uuid, p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.settle_external_refund(p_refund uuid, p_payment uuid, p_amount bigint, p_provider_ref text, p_status text, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.settle_external_refund(p_refund uuid, p_payment uuid, p_amount bigint, p_provider_ref text, p_status text, p_data jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.settle_payment(p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.settle_payment(p_payment uuid, p_status text, p_amount bigint, p_currency text, p_provider_ref text, p_method text, p_failure text, p_reason text, p_data jsonb, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.settle_period(p_event uuid, p_id uuid, p_payment uuid, p_provider text, p_told jsonb, p_period jsonb, p_asked_at timestamp with time zone, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.settle_period(p_event uuid, p_id uuid, p_payment uuid, p_provider text, p_told jsonb, p_period jsonb, p_asked_at timestamp with time zone, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.settle_refund(p_refund uuid, p_succeeded boolean, p_provider_ref text, p_failure text, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.settle_refund(p_refund uuid, p_succeeded boolean, p_provider_ref text, p_failure text, p_data jsonb) TO moorage_worker;

REVOKE ALL ON FUNCTION public.split_tax(p_amount bigint, p_bps integer, p_inclusive boolean, OUT net_minor bigint, OUT tax_minor bigint, OUT gross_minor bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.spoken_amount(p_minor bigint, p_currency text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.spoken_time(p_at timestamp with time zone, p_zone text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.starts_of(p_services uuid[], p_from timestamp with time zone, p_to timestamp with time zone, p_now timestamp with time zone, p_ignore_booking uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.starts_of(p_services uuid[], p_from timestamp with time zone, p_to timestamp with time zone, p_now timestamp with time zone, p_ignore_booking uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.starts_of(p_services uuid[], p_from timestamp with time zone, p_to timestamp with time zone, p_now timestamp with time zone, p_ignore_booking uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.stop_asking(b public.bookings, p_owed bigint, p_by uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.stop_collecting(p_booking uuid, p_reason text, p_by uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.stop_hosting(p_invoice uuid, p_reason text, p_but uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.store_events(p_ids uuid[], p_providers text[], p_event_ids text[], p_event_types text[], p_bodies bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.store_events(p_ids uuid[], p_providers text[], p_event_ids text[], p_event_types text[], p_bodies bytea[]) TO moorage_worker;

REVOKE ALL ON FUNCTION public.sum_lines(p_lines jsonb, OUT net_minor bigint, OUT tax_minor bigint, OUT gross_minor bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.summary_end(p_practitioner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.summary_end(p_practitioner uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.summary_end(p_practitioner uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.take_again(b public.bookings, p_now timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.take_places(p_booking uuid, p_client uuid, p_service uuid, p_type text, p_session uuid, p_starts timestamp with time zone, p_places integer, p_notice timestamp with time zone, OUT taken boolean, OUT wanted uuid[], OUT first_start timestamp with time zone, OUT last_end timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.take_requests(p_caller text, p_window bigint, p_lot integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.take_requests(p_caller text, p_window bigint, p_lot integer, p_limit integer) TO moorage_web;
GRANT ALL ON FUNCTION public.take_requests(p_caller text, p_window bigint, p_lot integer, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.take_time(p_booking uuid, p_client uuid, p_service uuid, p_resource bigint, p_starts timestamp with time zone, p_ends timestamp with time zone, p_before integer, p_after integer, p_now timestamp with time zone, p_expires timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.tally_begins() FROM PUBLIC;
GRANT ALL ON FUNCTION public.tally_begins() TO moorage_worker;

REVOKE ALL ON FUNCTION public.tally_payments(p_days timestamp with time zone[], p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.tally_payments(p_days timestamp with time zone[], p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.tax_of_payment(p public.payments) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.tax_sale(p_payment uuid, p_type text, p_reference uuid, p_gross bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.tax_sold_at_once(p_payment uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.tell_booking(p_booking uuid, p_event text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.tell_payee_refused(p_provider text, p_provider_ref text, p_failure text, p_event uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.tell_payee_refused(p_provider text, p_provider_ref text, p_failure text, p_event uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.unblock_time(p_block uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.unblock_time(p_block uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.unblock_time(p_block uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.uncount_invoice_payment(p_payment uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.void_invoice(p_invoice uuid, p_reason text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.void_invoice(p_invoice uuid, p_reason text, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.void_invoice(p_invoice uuid, p_reason text, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.void_invoices_of_cancelled(p_now timestamp with time zone, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.void_invoices_of_cancelled(p_now timestamp with time zone, p_limit integer) TO moorage_worker;

REVOKE ALL ON FUNCTION public.who_asks(p_user uuid, p_family uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.who_asks(p_user uuid, p_family uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.who_asks(p_user uuid, p_family uuid) TO moorage_worker;

REVOKE ALL ON FUNCTION public.withdraw_quote(p_quote uuid, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.withdraw_quote(p_quote uuid, p_now timestamp with time zone) TO moorage_web;
GRANT ALL ON FUNCTION public.withdraw_quote(p_quote uuid, p_now timestamp with time zone) TO moorage_worker;

REVOKE ALL ON FUNCTION public.withdraw_service(p_service uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.withdraw_service(p_service uuid) TO moorage_web;

REVOKE ALL ON FUNCTION public.write_off_invoice(p_invoice uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.write_off_invoice(p_invoice uuid) TO moorage_web;
GRANT ALL ON FUNCTION public.write_off_invoice(p_invoice uuid) TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.account_links TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.account_links TO moorage_worker;

GRANT SELECT,INSERT ON TABLE public.audit_log TO moorage_engine;
GRANT SELECT ON TABLE public.audit_log TO moorage_web;
GRANT SELECT ON TABLE public.audit_log TO moorage_worker;

GRANT USAGE ON SEQUENCE public.audit_log_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.audit_log_no_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.booking_participants TO moorage_engine;
GRANT SELECT ON TABLE public.booking_participants TO moorage_web;
GRANT SELECT ON TABLE public.booking_participants TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.categories TO moorage_engine;
GRANT SELECT ON TABLE public.categories TO moorage_web;
GRANT SELECT ON TABLE public.categories TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.claims TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.claims TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.customer_tallies TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.date_overrides TO moorage_engine;
GRANT SELECT ON TABLE public.date_overrides TO moorage_web;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.date_overrides TO moorage_worker;

GRANT SELECT ON TABLE public.dispute_facts TO moorage_engine;
GRANT SELECT ON TABLE public.dispute_facts TO moorage_web;
GRANT SELECT ON TABLE public.dispute_facts TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.external_identities TO moorage_engine;
GRANT SELECT,INSERT,UPDATE ON TABLE public.external_identities TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.free_days TO moorage_engine;
GRANT SELECT ON TABLE public.free_days TO moorage_web;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.free_days TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO moorage_engine;
GRANT SELECT,DELETE ON TABLE public.idempotency_keys TO moorage_worker;

GRANT SELECT,INSERT ON TABLE public.invoice_events TO moorage_engine;
GRANT SELECT ON TABLE public.invoice_events TO moorage_worker;
GRANT SELECT ON TABLE public.invoice_events TO moorage_web;

GRANT USAGE ON SEQUENCE public.invoice_events_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.invoice_events_no_seq TO moorage_engine;

GRANT SELECT,INSERT ON TABLE public.invoice_lines TO moorage_engine;
GRANT SELECT ON TABLE public.invoice_lines TO moorage_worker;
GRANT SELECT ON TABLE public.invoice_lines TO moorage_web;

GRANT SELECT,INSERT,DELETE ON TABLE public.invoice_payments TO moorage_engine;
GRANT SELECT ON TABLE public.invoice_payments TO moorage_worker;
GRANT SELECT ON TABLE public.invoice_payments TO moorage_web;

GRANT SELECT,INSERT,UPDATE ON TABLE public.invoice_series TO moorage_engine;
GRANT SELECT ON TABLE public.invoice_series TO moorage_worker;

GRANT SELECT,INSERT ON TABLE public.ledger_accounts TO moorage_engine;
GRANT SELECT ON TABLE public.ledger_accounts TO moorage_web;
GRANT SELECT ON TABLE public.ledger_accounts TO moorage_worker;

GRANT USAGE ON SEQUENCE public.ledger_accounts_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.ledger_accounts_no_seq TO moorage_engine;

GRANT SELECT,INSERT,UPDATE ON TABLE public.ledger_balances TO moorage_engine;
GRANT SELECT ON TABLE public.ledger_balances TO moorage_web;
GRANT SELECT ON TABLE public.ledger_balances TO moorage_worker;

GRANT SELECT,INSERT ON TABLE public.ledger_entries TO moorage_engine;
GRANT SELECT ON TABLE public.ledger_entries TO moorage_web;
GRANT SELECT ON TABLE public.ledger_entries TO moorage_worker;

GRANT SELECT,INSERT ON TABLE public.ledger_transactions TO moorage_engine;
GRANT SELECT ON TABLE public.ledger_transactions TO moorage_web;
GRANT SELECT ON TABLE public.ledger_transactions TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mails TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mails TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outside_busy TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outside_busy TO moorage_worker;

GRANT SELECT,INSERT ON TABLE public.payment_audit TO moorage_engine;
GRANT SELECT ON TABLE public.payment_audit TO moorage_worker;
GRANT SELECT ON TABLE public.payment_audit TO moorage_web;

GRANT USAGE ON SEQUENCE public.payment_audit_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.payment_audit_no_seq TO moorage_engine;

GRANT SELECT ON TABLE public.payment_facts TO moorage_engine;
GRANT SELECT ON TABLE public.payment_facts TO moorage_web;
GRANT SELECT ON TABLE public.payment_facts TO moorage_worker;

GRANT SELECT ON TABLE public.payment_overview TO moorage_web;
GRANT SELECT ON TABLE public.payment_overview TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.payment_records TO moorage_engine;
GRANT SELECT ON TABLE public.payment_records TO moorage_worker;
GRANT SELECT ON TABLE public.payment_records TO moorage_web;

GRANT SELECT ON TABLE public.payment_summary TO moorage_web;
GRANT SELECT ON TABLE public.payment_summary TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.payment_tallies TO moorage_engine;

GRANT USAGE ON SEQUENCE public.payments_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.payments_no_seq TO moorage_engine;

GRANT SELECT,INSERT ON TABLE public.payout_weeks TO moorage_engine;
GRANT SELECT ON TABLE public.payout_weeks TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer TO moorage_worker;

GRANT USAGE ON SEQUENCE public.pgqueuer_id_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.pgqueuer_id_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_log TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_log TO moorage_worker;

GRANT USAGE ON SEQUENCE public.pgqueuer_log_id_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.pgqueuer_log_id_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_schedules TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_schedules TO moorage_worker;

GRANT USAGE ON SEQUENCE public.pgqueuer_schedules_id_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.pgqueuer_schedules_id_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_statistics TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_statistics TO moorage_worker;

GRANT USAGE ON SEQUENCE public.pgqueuer_statistics_id_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.pgqueuer_statistics_id_seq TO moorage_engine;

GRANT SELECT,INSERT ON TABLE public.portal_links TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.portal_links TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.practitioner_locations TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.practitioner_locations TO moorage_web;
GRANT SELECT ON TABLE public.practitioner_locations TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.practitioner_months TO moorage_engine;
GRANT SELECT ON TABLE public.practitioner_months TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.practitioners TO moorage_engine;
GRANT SELECT ON TABLE public.practitioners TO moorage_worker;

GRANT SELECT(id) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(resource_no) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(user_id) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(display_name),UPDATE(display_name) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(bio),UPDATE(bio) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(timezone),UPDATE(timezone) ON TABLE public.practitioners TO moorage_web;
GRANT UPDATE(timezone) ON TABLE public.practitioners TO moorage_engine;

GRANT SELECT(specializations),UPDATE(specializations) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(certifications),UPDATE(certifications) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(verification_status) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(verified_at) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(is_featured) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(is_house) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(specialization_keys) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(search_words) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(created_at) ON TABLE public.practitioners TO moorage_web;

GRANT SELECT(updated_at),UPDATE(updated_at) ON TABLE public.practitioners TO moorage_web;
GRANT UPDATE(updated_at) ON TABLE public.practitioners TO moorage_engine;

GRANT USAGE ON SEQUENCE public.practitioners_resource_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.practitioners_resource_no_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.price_options TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.price_options TO moorage_web;
GRANT SELECT ON TABLE public.price_options TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.provider_cursors TO moorage_engine;
GRANT SELECT ON TABLE public.provider_cursors TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.provider_customers TO moorage_engine;
GRANT SELECT ON TABLE public.provider_customers TO moorage_worker;
GRANT SELECT ON TABLE public.provider_customers TO moorage_web;

GRANT SELECT,INSERT,UPDATE ON TABLE public.provider_operations TO moorage_engine;
GRANT SELECT ON TABLE public.provider_operations TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.provider_products TO moorage_engine;
GRANT SELECT ON TABLE public.provider_products TO moorage_worker;
GRANT SELECT ON TABLE public.provider_products TO moorage_web;

GRANT SELECT,INSERT ON TABLE public.quote_lines TO moorage_engine;
GRANT SELECT ON TABLE public.quote_lines TO moorage_worker;
GRANT SELECT ON TABLE public.quote_lines TO moorage_web;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_limits TO moorage_engine;
GRANT SELECT,DELETE ON TABLE public.rate_limits TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.receipts TO moorage_engine;
GRANT SELECT ON TABLE public.receipts TO moorage_web;
GRANT SELECT ON TABLE public.receipts TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.reconciliation_findings TO moorage_engine;
GRANT SELECT ON TABLE public.reconciliation_findings TO moorage_worker;
GRANT SELECT ON TABLE public.reconciliation_findings TO moorage_web;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_families TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_families TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_tokens TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_tokens TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.refunds TO moorage_engine;
GRANT SELECT ON TABLE public.refunds TO moorage_worker;
GRANT SELECT ON TABLE public.refunds TO moorage_web;

GRANT SELECT ON TABLE public.refund_facts TO moorage_engine;
GRANT SELECT ON TABLE public.refund_facts TO moorage_web;
GRANT SELECT ON TABLE public.refund_facts TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.services TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.services TO moorage_web;
GRANT SELECT ON TABLE public.services TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO moorage_engine;
GRANT SELECT ON TABLE public.sessions TO moorage_web;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.subscriptions TO moorage_engine;
GRANT SELECT ON TABLE public.subscriptions TO moorage_web;
GRANT SELECT ON TABLE public.subscriptions TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tallied_days TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tally_state TO moorage_engine;

GRANT USAGE ON SEQUENCE public.tally_state_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.tally_state_no_seq TO moorage_engine;

GRANT SELECT,INSERT,UPDATE ON TABLE public.tax_rates TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tax_rates TO moorage_worker;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tax_rates TO moorage_web;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.users TO moorage_engine;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.users TO moorage_worker;

GRANT SELECT(id) ON TABLE public.users TO moorage_web;

GRANT SELECT(email) ON TABLE public.users TO moorage_web;

GRANT SELECT(first_name),UPDATE(first_name) ON TABLE public.users TO moorage_web;

GRANT SELECT(middle_name) ON TABLE public.users TO moorage_web;

GRANT SELECT(last_name),UPDATE(last_name) ON TABLE public.users TO moorage_web;

GRANT SELECT(phone_number),UPDATE(phone_number) ON TABLE public.users TO moorage_web;

GRANT SELECT(role) ON TABLE public.users TO moorage_web;

GRANT SELECT(is_active) ON TABLE public.users TO moorage_web;

GRANT SELECT(email_verified_at) ON TABLE public.users TO moorage_web;

GRANT SELECT(bio),UPDATE(bio) ON TABLE public.users TO moorage_web;

GRANT SELECT(avatar),UPDATE(avatar) ON TABLE public.users TO moorage_web;

GRANT SELECT(timezone),UPDATE(timezone) ON TABLE public.users TO moorage_web;

GRANT SELECT(location),UPDATE(location) ON TABLE public.users TO moorage_web;

GRANT SELECT(preferences),UPDATE(preferences) ON TABLE public.users TO moorage_web;

GRANT SELECT(last_login_at) ON TABLE public.users TO moorage_web;

GRANT SELECT(created_at) ON TABLE public.users TO moorage_web;

GRANT SELECT(updated_at),UPDATE(updated_at) ON TABLE public.users TO moorage_web;

GRANT SELECT,INSERT,UPDATE ON TABLE public.webhook_events TO moorage_engine;
GRANT SELECT ON TABLE public.webhook_events TO moorage_worker;

GRANT SELECT(id) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(provider) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(event_id) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(event_type) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(status) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(outcome) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(attempts) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(next_at) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(received_at) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(processed_at) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(created_at) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT(updated_at) ON TABLE public.webhook_events TO moorage_web;

GRANT SELECT,INSERT,UPDATE ON TABLE public.webhook_rejections TO moorage_engine;
GRANT SELECT ON TABLE public.webhook_rejections TO moorage_worker;
GRANT SELECT ON TABLE public.webhook_rejections TO moorage_web;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.weekly_hours TO moorage_engine;
GRANT SELECT ON TABLE public.weekly_hours TO moorage_web;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.weekly_hours TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.zone_offsets TO moorage_engine;
GRANT SELECT ON TABLE public.zone_offsets TO moorage_web;
GRANT SELECT ON TABLE public.zone_offsets TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.zone_release TO moorage_engine;
GRANT SELECT ON TABLE public.zone_release TO moorage_web;
GRANT SELECT ON TABLE public.zone_release TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.accounts TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.charges TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.deliveries TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.disputes TO moorage_worker;

GRANT SELECT,INSERT ON TABLE sandbox.events TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.faults TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.idempotency_keys TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.intents TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.payouts TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.refunds TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.subscriptions TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.transfers TO moorage_worker;
