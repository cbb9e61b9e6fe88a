"""The sending engine: exactly once, by committed claims in PostgreSQL.

Four tasks and timers drive it:

avanzar_campana   `campaign.campana.advance`: opens Lotes (a bounded window) and publishes one chord per Lote
enviar_sms        `message.loop`: claims one row, calls Twilio, records the outcome under the claim's token
cerrar_lote       the chord's callback, `lote.closing.close`: sums the Lote; then the campaign is advanced
barrer            `rounds.sweeper.sweep`: does again whatever a lost task, chord or process left undone

Its rooms in the order in which to read them; each imports only rooms that stand further down (`base`, the last, none):

message    one recipient: loop → sending → claims → ledger → outbox; the uncertain: proof, words, witnesses → doubts →
           reconciler; then receipts, given_up, refusals (the circuit breaker), optouts; memory and comeback (of a
           PostgreSQL that has lost commits)
campaign   campana (the steps of one look), each step's module beside it: pausas, plazo, jornadas, envio, cancelacion,
           final
lote       opening → publishing → closing; beside them flight (the window's places), cupos (what a Lote takes of the
           shop's quotas), medida (segments and cost), entregas (what became of the messages), quarantine (what may
           have been sent in commits that are lost)
publish    chords (the messages of a chord), slices (how many at a time), window (how much of a campaign), losses
           (tasks that are gone), probe (whether the broker answers)
pace       throttle and rates: each sender's slots and its brake
rounds     what the live processes do every few seconds, by turns: rounds, turns, sweeper; it stands above all others
base       groups (one statement for many threads), database, locks, epoch (which server this is), account
"""
