using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Ppg;

/// <content>A window's samples: which channels count, and what the detectors of pulses hear.</content>
public sealed partial class PpgStage
{
    // Until a pulse is known, a window whose periodicity is at least this says by itself what interval its pulses have.
    private const double LeastToExpect = 0.5;

    private const double LeastToStand = 0.95;       // part of the samples that must be there for a pulse to stand still

    private PpgTaken TakePulse(in Window window, PpgSpectrumPlan plan, PpgScratch scratch)
    {
        var raw = scratch.Raw(window.Length);
        var fresh = HeardOf(window);
        var heard = scratch.Heard(_source.Count * fresh);
        int used = 0, usable = 0;
        double coverage = 0, unclipped = 0, level = 0;
        var fault = EstimateStatus.Gap;
        var standing = 0;
        for (var c = 0; c < _source.Count; c++)
        {
            var isOn = _source.TryCopy(window, c, raw);
            raw.Slice(window.Length - _source.Delay - fresh, fresh).CopyTo(heard[(c * fresh)..]);
            var check = PpgChannelCheck.Inspect(raw, window.RateHz);
            standing += StandsStill(c, raw, window.RateHz, isOn && check is { Usable: true, Present: >= LeastToStand }) ? 1 : 0;
            coverage += check.Present / _source.Count;
            if (!isOn || !check.Usable)
            {
                fault = isOn ? FaultOf(check, window, c) : EstimateStatus.Flat;
                continue;
            }
            level += PpgSpectra.TakePulse(plan, scratch, raw, used);
            unclipped += 1 - check.AtRail;
            usable |= 1 << c;
            used++;
        }
        return new PpgTaken(used, 0, Math.Min(coverage, 1), used == 0 ? 0 : unclipped / used, fault)
        {
            Lanes = usable,
            StandsStill = standing > 0 && standing == used,
            Level = used == 0 ? 0 : level / used,
        };
    }

    private bool StandsStill(int channel, ReadOnlySpan<float> samples, double rateHz, bool isThere)
    {
        if (channel >= _standstills.Length)
            return false;
        if (isThere)
            _standstills[channel].Take(samples, rateHz, _presence.IsPresent);
        else
            _standstills[channel].Miss();
        return _standstills[channel].Stands;
    }

    /// <summary>
    /// The detectors hear the window's new samples. The interval that they expect is that of the windows before; until a pulse is known,
    /// the window's own.
    /// </summary>
    private void TakeBeats(in Window window, PpgScratch scratch, in PpgTaken taken, StageOutput output)
    {
        var count = HeardOf(window);
        var heard = scratch.Heard(_source.Count * count);
        var interval = double.IsNaN(_expectedInterval) && !taken.HadPulse && taken.Periodicity.Peak >= LeastToExpect
            ? taken.Periodicity.Interval
            : _expectedInterval;
        for (var c = 0; c < _source.Count; c++)
            _pulses.Take(c, heard.Slice(c * count, count), window.EndIndex - _source.Delay - count, interval, output);
        _pulses.Choose(taken.Lanes);
    }

    /// <summary>Samples that the detectors have not heard yet, and may: the source's last ones are still to change.</summary>
    private int HeardOf(in Window window) => Math.Min(window.NewSampleCount, window.Length - _source.Delay);

    private EstimateStatus FaultOf(in PpgChannelCheck check, in Window window, int channel)
    {
        if (check.Present < PpgChannelCheck.LeastPresent)
            return check.HeadMissing ? EstimateStatus.WarmingUp : EstimateStatus.Gap;
        return !check.IsConstant && check.AtRail >= PpgChannelCheck.MostAtRail || _source.IsAtLimit(window, channel)
            ? EstimateStatus.Saturated
            : EstimateStatus.Flat;
    }

    private int TakeMotion(in Window window, PpgSpectrumPlan plan, PpgScratch scratch)
    {
        var raw = scratch.Raw(window.Length);
        var used = 0;
        foreach (var channel in _motionChannels)
        {
            window.CopyPhysical(channel, 0, raw);
            if ((window.LeadOff >> channel & 1) != 0 || !PpgChannelCheck.TryBridge(raw))
                continue;
            PpgSpectra.TakeMotion(plan, scratch, raw, used++);
        }
        return used;
    }
}
