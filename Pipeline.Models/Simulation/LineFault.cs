namespace Pipeline.Models.Simulation;

/// <summary>What can be the matter with an arterial line.</summary>
public enum LineFaultKind
{
    /// <summary>A bubble or a kink: the wave is damped (natural frequency 5 Hz, damping 2).</summary>
    Overdamped,

    /// <summary>Long or soft tubing: the line rings (natural frequency 6 Hz, damping 0.1).</summary>
    Underdamped,

    /// <summary>The flush valve is open: 300 mmHg.</summary>
    Flush,

    /// <summary>The transducer is open to air: 0 mmHg.</summary>
    Air,

    /// <summary>The transducer is given 100 and 200 mmHg in turns of 4 s.</summary>
    Calibration,

    /// <summary>A clot grows: within 15 s the wave fades to its mean.</summary>
    Clot,
}

/// <summary>A fault of a simulated arterial line, in seconds of the simulation.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Begin">When it begins.</param>
/// <param name="End">When it is over.</param>
public readonly record struct LineFault(LineFaultKind Kind, double Begin, double End);

/// <summary>A beat of a simulated arterial pressure in the artery, whatever the line makes of it; mmHg.</summary>
/// <param name="FootSeconds">When its upstroke begins, seconds of the simulation.</param>
/// <param name="Systolic">Highest pressure.</param>
/// <param name="Diastolic">Lowest pressure between the peak of the beat before it and its foot.</param>
/// <param name="Mean">Mean over time, to the foot of the next beat.</param>
public readonly record struct TruePressure(double FootSeconds, double Systolic, double Diastolic, double Mean);

/// <summary>
/// The fluid-filled line as a second-order system (Gardner, Anesthesiology 1981;54:227-236, doi:10.1097/00000542-198103000-00010), and what
/// people do to it.
/// </summary>
internal sealed class SimulatedLine(IReadOnlyList<LineFault> faults)
{
    private const int Steps = 16;       // of the integration, a sample
    private double _pressure = double.NaN, _speed;

    /// <summary>What the transducer shows of <paramref name="pressure"/> in the artery.</summary>
    public float Pass(double time, float pressure, int rateHz)
    {
        if (faults.Count == 0)
            return pressure;
        var fault = At(time);
        switch (fault?.Kind)
        {
            case LineFaultKind.Flush:
                return Hold(300);
            case LineFaultKind.Air:
                return Hold(0);
            case LineFaultKind.Calibration:
                return Hold((long)((time - fault.Value.Begin) / 4) % 2 == 0 ? 100 : 200);
            case LineFaultKind.Clot:
                var speed = 2 * Math.PI * 8 * Math.Exp(-0.5 * (time - fault.Value.Begin));
                _pressure += (pressure - Start(pressure)) * (1 - Math.Exp(-speed / rateHz));
                return (float)_pressure;
            case LineFaultKind.Overdamped:
                return Resonate(pressure, rateHz, 5, 2);
            case LineFaultKind.Underdamped:
                return Resonate(pressure, rateHz, 6, 0.1);
            default:
                (_pressure, _speed) = (pressure, 0);
                return pressure;
        }
    }

    private LineFault? At(double time)
    {
        foreach (var fault in faults)
            if (time >= fault.Begin && time < fault.End)
                return fault;
        return null;
    }

    private float Hold(float level)
    {
        (_pressure, _speed) = (level, 0);
        return level;
    }

    private double Start(float pressure) => _pressure = double.IsNaN(_pressure) ? pressure : _pressure;

    private float Resonate(float pressure, int rateHz, double naturalHz, double damping)
    {
        Start(pressure);
        var (omega, step) = (2 * Math.PI * naturalHz, 1.0 / (rateHz * Steps));
        for (var i = 0; i < Steps; i++)
        {
            _speed += step * (omega * omega * (pressure - _pressure) - 2 * damping * omega * _speed);
            _pressure += step * _speed;
        }
        return (float)_pressure;
    }
}
