using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>One abdominal lead: its weights of the mother's heart, its slow noise, and whether it has dropped out.</summary>
internal sealed class AbdominalLead
{
    private const short Rail = 24_000;   // 6 mV: an amplifier without input

    private int _secondsLeft;
    private short _stored;       // what it holds while it is out
    private bool _isSaid;        // whether the device says that it is out

    /// <summary>Weight of the mother's first axis, mV.</summary>
    public float Mother0 { get; private init; }

    /// <summary>Weight of her second axis, mV.</summary>
    public float Mother1 { get; private init; }

    /// <summary>Weight of her third axis, mV.</summary>
    public float Mother2 { get; private init; }

    /// <summary>Where in a breath the lead is.</summary>
    public double BreathPhase { get; private init; }

    /// <summary>Where in a period of the hum it is.</summary>
    public double HumPhase { get; private init; }

    /// <summary>Amplitude of the hum, mV.</summary>
    public float Hum { get; set; }

    /// <summary>Slow noise, mV.</summary>
    public float Wander { get; set; }

    /// <summary>Whether it has dropped out.</summary>
    public bool IsOut => _secondsLeft > 0;

    /// <summary>
    /// The mother's heart is far: its weights in the leads of one belly are alike, and differ by half of what they have in common.
    /// </summary>
    public static AbdominalLead[] Draw(int count, ref NoiseSource noise)
    {
        var (size, sign) = (noise.Uniform(0.08, 0.24), noise.Uniform() < 0.3 ? -1 : 1);
        var shared = (X: sign * noise.Uniform(0.5, 1), Y: noise.Uniform(-0.8, 0.8), Z: noise.Uniform(-0.6, 0.6));
        var leads = new AbdominalLead[count];
        for (var lead = 0; lead < count; lead++)
            leads[lead] = new()
            {
                Mother0 = (float)(size * (shared.X + noise.Uniform(-0.5, 0.5))),
                Mother1 = (float)(size * (shared.Y + noise.Uniform(-0.5, 0.5))),
                Mother2 = (float)(size * (shared.Z + noise.Uniform(-0.5, 0.5))),
                BreathPhase = noise.Uniform(),
                HumPhase = noise.Uniform(),
            };
        return leads;
    }

    /// <summary>Goes on by a second; answers whether a drop-out began, which it only does where it may.</summary>
    public bool StepDropout(ref NoiseSource noise, double perHour, bool mayBegin)
    {
        if (_secondsLeft > 0)
        {
            _secondsLeft--;
            return false;
        }
        if (noise.Uniform() * 3600 >= perHour || !mayBegin)
            return false;
        _secondsLeft = (int)Math.Round(noise.Uniform(5, 60));
        var form = noise.Uniform();
        (_stored, _isSaid) = form < 0.4 ? ((short)0, true) : form < 0.7 ? (SampleChunk.MissingInt16, false) : (Rail, false);
        return true;
    }

    /// <summary>Writes what is there instead of the signal; answers whether the device says that the lead is off.</summary>
    public bool Overwrite(Span<short> samples)
    {
        if (!IsOut)
            return false;
        samples.Fill(_stored);
        return _isSaid;
    }
}
