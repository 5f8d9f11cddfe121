"""The numbers of the decoder's model; docs/decisions/0004-chain-decoder.md names their sources."""

from __future__ import annotations

from dataclasses import dataclass

from ..anatomy import Anomaly


@dataclass(frozen=True)
class Settings:
    """How good the localizer is and how spines vary; the defaults suit an unknown localizer."""

    detection: float = 0.85
    """Probability that a vertebra in view has a candidate."""
    detection_of_s2: float = 0.05
    """The same for S2: localizers mark the sacrum once, at S1."""
    view_continues: float = 0.92
    """Probability that the view goes on below a level; a scan shows about twelve."""
    longest_gap: int = 6
    """The most levels in a row that may be missed."""
    spine_in_view: float = 0.99
    """Probability that there is a spine at all."""
    usual_existence: float = 0.85
    """The share of true ones among this localizer's candidates, against which existence counts."""
    position_noise: float = 2.0
    """Standard deviation of a candidate's position, mm on each axis; twice that when partial."""
    false_volume: float = 1e6
    """Space around the spine (mm³ a vertebra) over which false candidates scatter."""
    step_spread: float = 0.03
    """A step's own deviation from the subject's size."""
    coronal_spread: float = 4.5
    """Typical sideways tilt of a step, degrees; scoliosis lies in the distribution's tail."""
    direction_spread: float = 12.0
    """Deviation of a candidate's direction from the step's, degrees."""
    confused_with_neighbour: float = 0.02
    """Share of the evidence for a level that truly stems from each of its neighbours."""
    independence: float = 1.0
    """How far one candidate's looks tell more than its neighbours' do: the power on its level
    probabilities. Below 1 for a localizer that shifts a whole region alike, so that the same error
    is not believed once for each vertebra; at 0 only the geometry speaks."""
    evidence_floor: float = 0.005
    """Share of candidates whose level evidence says nothing."""
    no_t12: float = 0.03
    t13: float = 0.01
    no_l5: float = 0.02
    l6: float = 0.06

    @property
    def anomaly_priors(self) -> dict[Anomaly, float]:
        """How common each anomaly is among the spines to be decoded."""
        return {
            Anomaly.NO_T12: self.no_t12,
            Anomaly.T13: self.t13,
            Anomaly.NO_L5: self.no_l5,
            Anomaly.L6: self.l6,
        }
