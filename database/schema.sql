CREATE SCHEMA public;

COMMENT ON SCHEMA public IS 'standard public schema';

CREATE SCHEMA sandbox;

CREATE TYPE public.pgqueuer_status AS ENUM (
    'queued',
    'picked',
    'successful',
    'exception',
    'canceled',
    'deleted',
    'failed'
);

CREATE FUNCTION public.asking_user() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid
$$;

CREATE FUNCTION public.enqueue_job(entrypoint text, payload jsonb, dedupe text DEFAULT NULL::text, delay interval DEFAULT '00:00:00'::interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
  VALUES (0, entrypoint, convert_to(payload::text, 'UTF8'), now() + delay, dedupe, 'queued')
  ON CONFLICT (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status]))
    AND (dedupe_key IS NOT NULL)) DO NOTHING
$$;

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

CREATE FUNCTION public.new_id() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
              PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

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

CREATE TABLE public.account_links (
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT ck_account_links_purpose_known CHECK ((purpose = ANY (ARRAY['verify_email'::text, 'reset_password'::text, 'sign_in'::text])))
);

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
    CONSTRAINT ck_bookings_never_overpaid CHECK (((paid_minor >= 0) AND (paid_minor <= total_minor))),
    CONSTRAINT ck_bookings_pending_expires CHECK (((status <> 'pending'::text) OR (parent_id IS NOT NULL) OR (hold_expires_at IS NOT NULL))),
    CONSTRAINT ck_bookings_places_positive CHECK ((places > 0)),
    CONSTRAINT ck_bookings_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'completed'::text, 'cancelled'::text]))),
    CONSTRAINT ck_bookings_time_order CHECK ((starts_at < ends_at))
);

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

CREATE TABLE public.date_overrides (
    practitioner_id uuid NOT NULL,
    date date NOT NULL,
    start_minutes smallint[] NOT NULL,
    lengths_minutes smallint[] NOT NULL,
    CONSTRAINT ck_date_overrides_length_range CHECK (((1 <= ALL (lengths_minutes)) AND (1440 >= ALL (lengths_minutes)))),
    CONSTRAINT ck_date_overrides_pairs CHECK ((cardinality(start_minutes) = cardinality(lengths_minutes))),
    CONSTRAINT ck_date_overrides_start_range CHECK (((0 <= ALL (start_minutes)) AND (1439 >= ALL (start_minutes))))
);

CREATE TABLE public.disputes (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    provider text NOT NULL,
    provider_ref text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text DEFAULT 'opened'::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    evidence_due_at timestamp with time zone,
    closed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_disputes_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_disputes_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_disputes_status_known CHECK ((status = ANY (ARRAY['opened'::text, 'under_review'::text, 'won'::text, 'lost'::text])))
);

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
    status text DEFAULT 'pending'::text NOT NULL,
    available_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_earnings_adds_up CHECK (((gross_minor > 0) AND (gross_minor = (commission_minor + net_minor)))),
    CONSTRAINT ck_earnings_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_earnings_reversed_range CHECK ((((reversed_gross_minor >= 0) AND (reversed_gross_minor <= gross_minor)) AND ((reversed_commission_minor >= 0) AND (reversed_commission_minor <= commission_minor)))),
    CONSTRAINT ck_earnings_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'available'::text, 'paid'::text, 'reversed'::text])))
);

CREATE TABLE public.free_days (
    resource_no bigint NOT NULL,
    day date NOT NULL,
    bits bit(288) NOT NULL
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

CREATE TABLE public.ledger_entries (
    transaction_id uuid NOT NULL,
    line smallint NOT NULL,
    account_no bigint NOT NULL,
    amount_minor bigint NOT NULL,
    balance_after_minor bigint,
    CONSTRAINT ck_ledger_entries_amount_not_zero CHECK ((amount_minor <> 0))
);

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

CREATE TABLE public.payment_audit (
    no bigint NOT NULL,
    payment_id uuid NOT NULL,
    old_status text,
    new_status text NOT NULL,
    change_reason text NOT NULL,
    provider_data jsonb,
    changed_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.payment_audit ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payment_audit_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

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
    refund_pending_minor bigint DEFAULT '0'::bigint NOT NULL,
    refunded_minor bigint DEFAULT '0'::bigint NOT NULL,
    disputed_minor bigint DEFAULT '0'::bigint NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    succeeded_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_payments_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_payments_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_payments_disputed_range CHECK (((disputed_minor >= 0) AND (disputed_minor <= amount_minor))),
    CONSTRAINT ck_payments_never_over_refunded CHECK (((refunded_minor >= 0) AND (refund_pending_minor >= 0) AND ((refunded_minor + refund_pending_minor) <= amount_minor))),
    CONSTRAINT ck_payments_purpose_known CHECK ((purpose = ANY (ARRAY['booking_full'::text, 'booking_deposit'::text, 'booking_balance'::text, 'booking_add_on'::text, 'invoice'::text, 'credit'::text, 'package'::text, 'subscription'::text, 'free_amount'::text]))),
    CONSTRAINT ck_payments_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'requires_action'::text, 'processing'::text, 'succeeded'::text, 'partially_refunded'::text, 'refunded'::text, 'disputed'::text, 'charged_back'::text, 'failed'::text, 'canceled'::text])))
);

ALTER TABLE public.payments ALTER COLUMN no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payments_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

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
    CONSTRAINT ck_practitioner_locations_lat_with_lng CHECK (((lat IS NULL) = (lng IS NULL))),
    CONSTRAINT ck_practitioner_locations_on_earth CHECK ((((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision)) AND ((lng >= ('-180'::integer)::double precision) AND (lng <= (180)::double precision))))
);

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
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_practitioners_commission_bps_range CHECK (((commission_bps >= 0) AND (commission_bps <= 10000))),
    CONSTRAINT ck_practitioners_verification_status_known CHECK ((verification_status = ANY (ARRAY['pending'::text, 'verified'::text, 'rejected'::text])))
);

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

CREATE TABLE public.provider_operations (
    id uuid NOT NULL,
    provider text NOT NULL,
    kind text NOT NULL,
    payment_id uuid NOT NULL,
    refund_id uuid,
    status text DEFAULT 'planned'::text NOT NULL,
    request jsonb DEFAULT '{}'::jsonb NOT NULL,
    answer jsonb,
    error text,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    called_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_provider_operations_kind_known CHECK ((kind = ANY (ARRAY['create'::text, 'confirm'::text, 'capture'::text, 'cancel'::text, 'refund'::text]))),
    CONSTRAINT ck_provider_operations_status_known CHECK ((status = ANY (ARRAY['planned'::text, 'called'::text, 'answered'::text, 'unknown'::text, 'abandoned'::text])))
);

CREATE UNLOGGED TABLE public.rate_limits (
    caller text NOT NULL,
    window_no bigint NOT NULL,
    taken integer NOT NULL
);

CREATE TABLE public.refresh_families (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    revoked_reason text,
    CONSTRAINT ck_refresh_families_revoked_reason_known CHECK ((revoked_reason = ANY (ARRAY['logout'::text, 'token_reused'::text, 'password_changed'::text, 'admin'::text])))
);

CREATE TABLE public.refresh_tokens (
    token_hash bytea NOT NULL,
    family_id uuid NOT NULL,
    issued_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

CREATE TABLE public.refunds (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    reason text NOT NULL,
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
    CONSTRAINT ck_services_one_deposit CHECK (((deposit_bps IS NULL) OR (deposit_minor IS NULL))),
    CONSTRAINT ck_services_participants_range CHECK (((max_participants >= 1) AND (max_participants <= 10000))),
    CONSTRAINT ck_services_price_not_negative CHECK ((price_minor >= 0)),
    CONSTRAINT ck_services_service_type_known CHECK ((service_type = ANY (ARRAY['session'::text, 'workshop'::text, 'course'::text]))),
    CONSTRAINT ck_services_slot_alignment_known CHECK ((slot_alignment = ANY (ARRAY['local_hour'::text, 'compact'::text]))),
    CONSTRAINT ck_services_slot_interval_range CHECK (((slot_interval_minutes >= 1) AND (slot_interval_minutes <= 1440)))
);

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

CREATE TABLE public.users (
    id uuid NOT NULL,
    email text NOT NULL,
    password_hash text,
    first_name text DEFAULT ''::text NOT NULL,
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
    CONSTRAINT ck_users_role_known CHECK ((role = ANY (ARRAY['user'::text, 'admin'::text])))
);

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
    CONSTRAINT ck_webhook_events_status_known CHECK ((status = ANY (ARRAY['received'::text, 'processed'::text, 'ignored'::text, 'parked'::text])))
);

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
    status text DEFAULT 'open'::text NOT NULL,
    method text,
    brand text,
    last4 text,
    failure_code text,
    ripe_at timestamp with time zone,
    misbehaved boolean DEFAULT false NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_intents_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT ck_intents_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_intents_status_known CHECK ((status = ANY (ARRAY['open'::text, 'declined'::text, 'challenge'::text, 'processing'::text, 'paid'::text, 'canceled'::text])))
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

ALTER TABLE ONLY public.date_overrides
    ADD CONSTRAINT pk_date_overrides PRIMARY KEY (practitioner_id, date);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT pk_disputes PRIMARY KEY (id);

ALTER TABLE ONLY public.earnings
    ADD CONSTRAINT pk_earnings PRIMARY KEY (id);

ALTER TABLE ONLY public.free_days
    ADD CONSTRAINT pk_free_days PRIMARY KEY (resource_no, day);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (caller, key);

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

ALTER TABLE ONLY public.payment_audit
    ADD CONSTRAINT pk_payment_audit PRIMARY KEY (no);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT pk_payments PRIMARY KEY (id);

ALTER TABLE ONLY public.practitioner_locations
    ADD CONSTRAINT pk_practitioner_locations PRIMARY KEY (id);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT pk_practitioners PRIMARY KEY (id);

ALTER TABLE ONLY public.price_options
    ADD CONSTRAINT pk_price_options PRIMARY KEY (id);

ALTER TABLE ONLY public.provider_operations
    ADD CONSTRAINT pk_provider_operations PRIMARY KEY (id);

ALTER TABLE ONLY public.rate_limits
    ADD CONSTRAINT pk_rate_limits PRIMARY KEY (caller, window_no);

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

ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_events
    ADD CONSTRAINT pk_webhook_events PRIMARY KEY (id);

ALTER TABLE ONLY public.weekly_hours
    ADD CONSTRAINT pk_weekly_hours PRIMARY KEY (id);

ALTER TABLE ONLY public.zone_offsets
    ADD CONSTRAINT pk_zone_offsets PRIMARY KEY (zone, starts_at);

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

ALTER TABLE ONLY public.ledger_accounts
    ADD CONSTRAINT uq_ledger_accounts_code_currency UNIQUE (code, currency);

ALTER TABLE ONLY public.ledger_transactions
    ADD CONSTRAINT uq_ledger_transactions_cause UNIQUE (cause);

ALTER TABLE ONLY public.mails
    ADD CONSTRAINT uq_mails_cause UNIQUE (cause);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT uq_payments_no UNIQUE (no);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT uq_payments_provider_provider_ref UNIQUE (provider, provider_ref);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT uq_practitioners_resource_no UNIQUE (resource_no);

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT uq_practitioners_user_id UNIQUE (user_id);

ALTER TABLE ONLY public.price_options
    ADD CONSTRAINT uq_price_options_service_id_name UNIQUE (service_id, name);

ALTER TABLE ONLY public.webhook_events
    ADD CONSTRAINT uq_webhook_events_provider_event_id UNIQUE (provider, event_id);

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

ALTER TABLE ONLY sandbox.transfers
    ADD CONSTRAINT pk_transfers PRIMARY KEY (id);

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

CREATE INDEX ix_claims_expiring ON public.claims USING btree (expires_at) WHERE (active AND (kind = 'hold'::text));

CREATE INDEX ix_disputes_payment_id ON public.disputes USING btree (payment_id);

CREATE INDEX ix_earnings_booking ON public.earnings USING btree (booking_id);

CREATE INDEX ix_earnings_practitioner ON public.earnings USING btree (practitioner_id, created_at);

CREATE INDEX ix_free_days_day ON public.free_days USING btree (day, resource_no);

CREATE INDEX ix_idempotency_keys_expires_at ON public.idempotency_keys USING btree (expires_at);

CREATE INDEX ix_ledger_accounts_owner ON public.ledger_accounts USING btree (owner_id);

CREATE INDEX ix_ledger_entries_account ON public.ledger_entries USING btree (account_no, transaction_id);

CREATE INDEX ix_ledger_transactions_reference ON public.ledger_transactions USING btree (reference_id);

CREATE INDEX ix_mails_recent ON public.mails USING btree (created_at);

CREATE INDEX ix_mails_user ON public.mails USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX ix_payment_audit_payment_id ON public.payment_audit USING btree (payment_id);

CREATE INDEX ix_payments_open ON public.payments USING btree (provider, updated_at) WHERE (status = ANY (ARRAY['pending'::text, 'requires_action'::text, 'processing'::text]));

CREATE INDEX ix_payments_payer ON public.payments USING btree (payer_id, created_at);

CREATE INDEX ix_payments_purpose ON public.payments USING btree (purpose_id, created_at);

CREATE INDEX ix_practitioner_locations_city ON public.practitioner_locations USING btree (lower(city), practitioner_id);

CREATE INDEX ix_practitioner_locations_point ON public.practitioner_locations USING btree (lat, lng);

CREATE INDEX ix_practitioner_locations_practitioner_id ON public.practitioner_locations USING btree (practitioner_id);

CREATE INDEX ix_practitioners_listed ON public.practitioners USING btree (is_featured, id) WHERE (verification_status = 'verified'::text);

CREATE INDEX ix_practitioners_specializations ON public.practitioners USING gin (specializations);

CREATE INDEX ix_provider_operations_due ON public.provider_operations USING btree (next_at) WHERE (status = ANY (ARRAY['planned'::text, 'called'::text, 'unknown'::text]));

CREATE INDEX ix_provider_operations_payment ON public.provider_operations USING btree (payment_id, kind);

CREATE INDEX ix_provider_operations_refund ON public.provider_operations USING btree (refund_id) WHERE (refund_id IS NOT NULL);

CREATE INDEX ix_refresh_families_user_id ON public.refresh_families USING btree (user_id);

CREATE INDEX ix_refresh_tokens_expires_at ON public.refresh_tokens USING btree (expires_at);

CREATE INDEX ix_refresh_tokens_family_id ON public.refresh_tokens USING btree (family_id);

CREATE INDEX ix_refunds_payment_id ON public.refunds USING btree (payment_id);

CREATE INDEX ix_services_category_id ON public.services USING btree (category_id);

CREATE INDEX ix_services_listed ON public.services USING btree (service_type, id) WHERE is_active;

CREATE INDEX ix_services_location_id ON public.services USING btree (location_id);

CREATE INDEX ix_services_practitioner ON public.services USING btree (practitioner_id, is_active);

CREATE INDEX ix_services_price ON public.services USING btree (currency, price_minor) WHERE is_active;

CREATE INDEX ix_sessions_service_starts ON public.sessions USING btree (service_id, starts_at);

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

CREATE UNIQUE INDEX uq_practitioner_locations_primary ON public.practitioner_locations USING btree (practitioner_id) WHERE is_primary;

CREATE UNIQUE INDEX uq_refunds_provider_ref ON public.refunds USING btree (payment_id, provider_ref) WHERE (provider_ref IS NOT NULL);

CREATE UNIQUE INDEX uq_users_email_lower ON public.users USING btree (lower(email));

CREATE INDEX ix_charges_dispute_at ON sandbox.charges USING btree (dispute_at) WHERE (dispute_at IS NOT NULL);

CREATE INDEX ix_charges_intent_id ON sandbox.charges USING btree (intent_id);

CREATE INDEX ix_deliveries_due ON sandbox.deliveries USING btree (next_at) WHERE (status = 'due'::text);

CREATE INDEX ix_deliveries_event_id ON sandbox.deliveries USING btree (event_id);

CREATE INDEX ix_disputes_charge_id ON sandbox.disputes USING btree (charge_id);

CREATE INDEX ix_events_created_at ON sandbox.events USING btree (created_at);

CREATE INDEX ix_idempotency_keys_created_at ON sandbox.idempotency_keys USING btree (created_at);

CREATE INDEX ix_intents_ripe ON sandbox.intents USING btree (ripe_at) WHERE (status = 'processing'::text);

CREATE INDEX ix_payouts_account ON sandbox.payouts USING btree (account, currency);

CREATE INDEX ix_payouts_ripe ON sandbox.payouts USING btree (ripe_at) WHERE (status = 'pending'::text);

CREATE INDEX ix_refunds_charge_id ON sandbox.refunds USING btree (charge_id);

CREATE INDEX ix_refunds_ripe ON sandbox.refunds USING btree (ripe_at) WHERE (status = 'pending'::text);

CREATE INDEX ix_transfers_account ON sandbox.transfers USING btree (account, currency);

CREATE UNIQUE INDEX uq_charges_paid ON sandbox.charges USING btree (intent_id) WHERE (status = 'succeeded'::text);

CREATE UNIQUE INDEX uq_disputes_open ON sandbox.disputes USING btree (charge_id) WHERE (status <> 'won'::text);

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

ALTER TABLE ONLY public.ledger_balances
    ADD CONSTRAINT fk_ledger_balances_account_no FOREIGN KEY (account_no) REFERENCES public.ledger_accounts(no) ON DELETE RESTRICT;

ALTER TABLE ONLY public.ledger_entries
    ADD CONSTRAINT fk_ledger_entries_account_no FOREIGN KEY (account_no) REFERENCES public.ledger_accounts(no) ON DELETE RESTRICT;

ALTER TABLE ONLY public.ledger_entries
    ADD CONSTRAINT fk_ledger_entries_transaction_id FOREIGN KEY (transaction_id) REFERENCES public.ledger_transactions(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.ledger_transactions
    ADD CONSTRAINT fk_ledger_transactions_reverses_id FOREIGN KEY (reverses_id) REFERENCES public.ledger_transactions(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.payment_audit
    ADD CONSTRAINT fk_payment_audit_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT fk_payments_payer_id FOREIGN KEY (payer_id) REFERENCES public.users(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.practitioner_locations
    ADD CONSTRAINT fk_practitioner_locations_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT fk_practitioners_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.practitioners
    ADD CONSTRAINT fk_practitioners_verified_by FOREIGN KEY (verified_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.price_options
    ADD CONSTRAINT fk_price_options_service_id FOREIGN KEY (service_id) REFERENCES public.services(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.provider_operations
    ADD CONSTRAINT fk_provider_operations_payment_id FOREIGN KEY (payment_id) REFERENCES public.payments(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.provider_operations
    ADD CONSTRAINT fk_provider_operations_refund_id FOREIGN KEY (refund_id) REFERENCES public.refunds(id) ON DELETE RESTRICT;

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

ALTER TABLE ONLY public.weekly_hours
    ADD CONSTRAINT fk_weekly_hours_practitioner_id FOREIGN KEY (practitioner_id) REFERENCES public.practitioners(id) ON DELETE CASCADE;

ALTER TABLE ONLY sandbox.charges
    ADD CONSTRAINT fk_charges_intent_id FOREIGN KEY (intent_id) REFERENCES sandbox.intents(id) ON DELETE RESTRICT;

ALTER TABLE ONLY sandbox.deliveries
    ADD CONSTRAINT fk_deliveries_event_id FOREIGN KEY (event_id) REFERENCES sandbox.events(id) ON DELETE RESTRICT;

ALTER TABLE ONLY sandbox.disputes
    ADD CONSTRAINT fk_disputes_charge_id FOREIGN KEY (charge_id) REFERENCES sandbox.charges(id) ON DELETE RESTRICT;

ALTER TABLE ONLY sandbox.refunds
    ADD CONSTRAINT fk_refunds_charge_id FOREIGN KEY (charge_id) REFERENCES sandbox.charges(id) ON DELETE RESTRICT;

ALTER TABLE sandbox.charges ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.disputes ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.events ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.faults ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.intents ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.payouts ENABLE ROW LEVEL SECURITY;

ALTER TABLE sandbox.refunds ENABLE ROW LEVEL SECURITY;

CREATE POLICY the_gateway ON sandbox.charges TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.deliveries TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.disputes TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.events TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.faults TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.idempotency_keys TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.intents TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.payouts TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.refunds TO moorage_worker USING (true) WITH CHECK (true);

CREATE POLICY the_gateway ON sandbox.transfers TO moorage_worker USING (true) WITH CHECK (true);

ALTER TABLE sandbox.transfers ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA public TO moorage_web;
GRANT USAGE ON SCHEMA public TO moorage_worker;
GRANT ALL ON SCHEMA public TO moorage_engine;

GRANT USAGE ON SCHEMA sandbox TO moorage_worker;

REVOKE ALL ON FUNCTION public.enqueue_job(entrypoint text, payload jsonb, dedupe text, delay interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.enqueue_job(entrypoint text, payload jsonb, dedupe text, delay interval) TO moorage_web;
GRANT ALL ON FUNCTION public.enqueue_job(entrypoint text, payload jsonb, dedupe text, delay interval) TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.account_links TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.audit_log TO moorage_engine;

GRANT USAGE ON SEQUENCE public.audit_log_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.audit_log_no_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.booking_participants TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bookings TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.categories TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.claims TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.date_overrides TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.disputes TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.earnings TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.free_days TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_accounts TO moorage_engine;

GRANT USAGE ON SEQUENCE public.ledger_accounts_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.ledger_accounts_no_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_balances TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_entries TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_transactions TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mails TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.payment_audit TO moorage_engine;

GRANT USAGE ON SEQUENCE public.payment_audit_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.payment_audit_no_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.payments TO moorage_engine;

GRANT USAGE ON SEQUENCE public.payments_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.payments_no_seq TO moorage_engine;

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

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.practitioner_locations TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.practitioners TO moorage_engine;

GRANT USAGE ON SEQUENCE public.practitioners_resource_no_seq TO moorage_worker;
GRANT USAGE ON SEQUENCE public.practitioners_resource_no_seq TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.price_options TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.provider_operations TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_limits TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_families TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_tokens TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refunds TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.services TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.users TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_events TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.weekly_hours TO moorage_engine;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.zone_offsets TO moorage_engine;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.charges TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.deliveries TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.disputes TO moorage_worker;

GRANT SELECT,INSERT ON TABLE sandbox.events TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.faults TO moorage_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.idempotency_keys TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.intents TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.payouts TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.refunds TO moorage_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE sandbox.transfers TO moorage_worker;
