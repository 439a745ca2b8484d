"""The guard: a controller that is shown to need more than the site's own rule gives the plant back to it.

`guard.judged` takes one settled interval at a time and returns the next state and notices; `guard.goes_back` says
whether the plant is run at the rule now. `evidence` has the test, `state` what is remembered, `reference` the model's
error at the rule, from a record, `regimes` what is judged apart. It learns no model and knows no plant.

In a controller's memory the state is one field, and a decision does

    state, notices = judged(options, memory.guard, Interval(at, hours, regime, measured_kw, rule_kw, at_rule))
    if goes_back(state, regime, at): ...  # the target is the rule's setpoints, whatever the model would choose

where rule_kw is the power expected at the setpoints of the site's rule, under this interval's weather and load, and
regime a label of weather and load: with a mode in it that the controller chooses, a loss could move to another label.
The errors at the rule are saved with each model (`AtRule`); `learned(state, regimes)` starts from them and follows
each new model. `pipelines/control/optimizer/never_worse.py` does this once an hour.
"""
