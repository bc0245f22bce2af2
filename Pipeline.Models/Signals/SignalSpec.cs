namespace Pipeline.Models.Signals;

/// <summary>What is known of a kind of signal before the first sample; <c>docs/signals.md</c> has the same with more words.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Unit">UCUM unit of <paramref name="Low"/> and <paramref name="High"/>; <c>1</c> where devices do not agree on any.</param>
/// <param name="Low">No living subject and sound sensor gives less; −∞ where the unit is the device's own.</param>
/// <param name="High">No living subject and sound sensor gives more; +∞ where the unit is the device's own.</param>
/// <param name="BandLowHz">Lower edge of what the kind tells; 0 when its level matters.</param>
/// <param name="BandHighHz">Upper edge of what the kind tells.</param>
public sealed record SignalSpec(SignalKind Kind, string Unit, double Low, double High, double BandLowHz, double BandHighHz)
{
    private const double None = double.PositiveInfinity;

    private static readonly SignalSpec[] Specs =
    [
        new(SignalKind.Unknown, "1", -None, None, 0, None),
        // Allen 2007, doi:10.1088/0967-3334/28/3/R01
        new(SignalKind.Ppg, "1", -None, None, 0.5, 8),
        // Bouten 1997, doi:10.1109/10.554760; the widest range of wrist sensors
        new(SignalKind.Acc, "g", -16, 16, 0, 20),
        new(SignalKind.Gyr, "deg/s", -2000, 2000, 0, 20),
        // IEC 60601-2-27: 5 mV of signal on 300 mV of electrode offset; AHA 2007, doi:10.1161/CIRCULATIONAHA.106.180200: 0.05 to 150 Hz
        new(SignalKind.Ecg, "mV", -305, 305, 0.05, 150),
        // IEC 60601-2-34: -30 to 300 mmHg; Gardner 1981, doi:10.1097/00000542-198103000-00009
        new(SignalKind.Abp, "mm[Hg]", -30, 300, 0, 20),
        // 3 to 120 breaths a minute
        new(SignalKind.Resp, "1", -None, None, 0.05, 2),
        // Sameni and Clifford 2010, doi:10.2174/1876538X01003010004
        new(SignalKind.FetalEcg, "mV", -305, 305, 0.05, 100),
        // Liu et al. 2016, doi:10.1088/0967-3334/37/12/2181
        new(SignalKind.HeartSound, "1", -None, None, 20, 400),
        // Poh 2010, doi:10.1364/OE.18.010762; 8-bit pixels
        new(SignalKind.Camera, "1", 0, 255, 0.7, 4),
        // as the arterial pressure, whose transducers it shares
        new(SignalKind.Cvp, "mm[Hg]", -30, 300, 0, 20),
        // FIGO 2015, doi:10.1016/j.ijgo.2015.06.020: paper of 50 to 210; 30 and 240 are the limits of monitors
        new(SignalKind.FetalHeartRate, "/min", 30, 240, 0, 2),
        // Chudacek 2014, doi:10.1186/1471-2393-14-16: external tocodynamometer, relative
        new(SignalKind.UterineActivity, "1", -None, None, 0, 1),
    ];

    /// <summary>The specification of <paramref name="kind"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A kind that is not defined.</exception>
    public static SignalSpec Of(SignalKind kind) => (uint)kind < (uint)Specs.Length
        ? Specs[(int)kind]
        : throw new ArgumentOutOfRangeException(nameof(kind), kind, null);

    /// <summary>Whether <paramref name="value"/>, in <see cref="Unit"/>, can come from a living subject and a sound sensor. NaN cannot.</summary>
    public bool Allows(double value) => value >= Low && value <= High;
}
