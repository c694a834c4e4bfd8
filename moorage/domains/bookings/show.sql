-- What a calendar is told of a booking: one row, or one per date of a course. Empty for who may not see the booking.
-- Reads the service as it is, also when it is offered no longer.
CREATE OR REPLACE FUNCTION appointments_of(p_booking uuid, p_by uuid)
RETURNS TABLE (id uuid, status text, starts_at timestamptz, ends_at timestamptz, title text, practitioner_name text,
               location text, sequence integer, changed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
