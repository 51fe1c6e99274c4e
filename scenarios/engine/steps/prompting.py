"""A step that a person carries out: plug a cable in, press a button in the CSMS, look at a page."""

from __future__ import annotations

from scenarios.engine.strand import Order, StepErred, StepFailed, Strand

PATIENCE = 600.0  # seconds, where the step names none


async def prompt(strand: Strand, order: Order) -> tuple[str, str]:
    """Goes on when the person says that it is done; fails with what they say otherwise.

    Raises StepFailed with the reason that the person gives; StepErred where there is nobody to ask,
    or nobody answers within the timeout.
    """
    ask = strand.services.ask
    if ask is None:
        raise StepErred("A person is to do this, and there is nobody to ask here.")
    speed = strand.services.clock.speed
    seconds = order.timeout if order.has_timeout else PATIENCE * speed
    began = strand.here()
    try:
        run = strand.log.id.partition(":")[0]
        why = await ask(run, strand.identity, str(order.params["text"]), seconds)
    except TimeoutError:
        raise StepErred(f"Nobody said within {seconds / speed:g} s that it was done.") from None
    strand.acted(began)
    if why:
        raise StepFailed(f"The person says: {why}")
    return "Done, a person says.", ""
