"""The sending engine: exactly once, by committed claims in PostgreSQL.

avanzar_campana   opens Lotes (a bounded window) and publishes one chord per Lote
enviar_sms        claims one row, calls Twilio, records the outcome under the claim's token
cerrar_lote       the chord's callback: sums the Lote, opens the next, tries to finish the campaign
barrer            the sweeper: does again whatever a lost task, chord or process left undone
"""
