"""One lifecycle for the answers of all doors: start, follow, resume, cancel.

A door does not run the chain. It asks ``Services`` for a run and serialises what comes:

    run = await services.start(request, question)      # lets the question in, or raises
    async with run.owned():                            # the reader's leaving cancels it
        async for part in run.parts():                 # partial answers that add up
            ...
    answer = await run.answer()                        # or the whole at once

``run.events(after)`` gives the same numbered by ``seq``, for doors that can resume. A run that is
started with ``keep=True`` goes on when its reader leaves, and any connection (of any replica,
when Redis is set) finds it by its id for ``KEEP_SECONDS`` after its end:

    run = await services.runs.find(answer_id)          # None: unknown, or forgotten
    await run.cancel()                                 # stops the provider's stream too

A failed answer raises ``RunFailed`` for those who follow it, a ``BookChatError`` that was counted
and logged already. See ``run.py`` for the interface, ``local.py`` and ``redis.py`` for who makes
the answer.
"""
