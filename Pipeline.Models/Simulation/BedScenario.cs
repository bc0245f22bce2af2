using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>What a simulated patient does, and with it how the heart rate moves.</summary>
public enum PatientActivity
{
    /// <summary>Lies still; rate about constant, with respiratory and slower variability.</summary>
    Rest,

    /// <summary>Rest, walking, running and recovery in turns of ten minutes, with motion in the PPG and its accelerometer.</summary>
    Exercise,

    /// <summary>Irregularly irregular, as in atrial fibrillation: RR intervals vary by about 18 %, no P waves.</summary>
    Irregular,
}

/// <summary>How often things go wrong at each device of a bed, per hour, each for some seconds; 0: never.</summary>
/// <param name="DropoutsPerHour">Chunks that are never sent, for 1 to 12 s.</param>
/// <param name="LeadOffsPerHour">
/// No contact, for 5 to 30 s: an ECG says so (<see cref="SampleChunk.LeadOff"/>), a PPG lies flat, a pressure too.
/// </param>
/// <param name="NoisesPerHour">Strong noise, for 3 to 20 s.</param>
/// <param name="RestartsPerHour">The device restarts: silent for 2 to 5 s, then a new epoch that counts from sample 0.</param>
/// <param name="ClockDriftPpm">The device's clock runs fast by up to this many millionths, or slow (drawn per device).</param>
public readonly record struct DeviceFaults(
    double DropoutsPerHour = 0, double LeadOffsPerHour = 0, double NoisesPerHour = 0, double RestartsPerHour = 0, double ClockDriftPpm = 0)
{
    /// <summary>A ward as wards are: every kind now and then.</summary>
    public static DeviceFaults Usual { get; } = new(2, 1, 4, 0.25, 30);
}

/// <summary>All that a simulated bed depends on: the same scenario gives the same chunks.</summary>
public sealed record BedScenario
{
    /// <summary>Whose bed it is.</summary>
    public required PatientId Patient { get; init; }

    /// <summary>Bed; may be empty.</summary>
    public string Bed { get; init; } = "";

    /// <summary>Ward; may be empty.</summary>
    public string Ward { get; init; } = "";

    /// <summary>Seed of everything that is drawn.</summary>
    public required int Seed { get; init; }

    /// <summary>Event time of sample 0 of the first epoch.</summary>
    public required Timestamp Start { get; init; }

    /// <summary>Epoch of the devices at the start; a restart counts on from here.</summary>
    public long Epoch { get; init; }

    /// <summary>What the patient does.</summary>
    public PatientActivity Activity { get; init; }

    /// <summary>Heart rate at rest, 30 to 220 per minute; NaN: drawn from 58 to 96.</summary>
    public double RestingRate { get; init; } = double.NaN;

    /// <summary>Scale of the heart rate's variability; 1 is usual, 0 a metronome.</summary>
    public double Variability { get; init; } = 1;

    /// <summary>Part of the beats that are ventricular ectopics, 0 to 0.5.</summary>
    public double EctopicShare { get; init; }

    /// <summary>Times in which the heart beats otherwise, ascending, apart by some seconds.</summary>
    public IReadOnlyList<HeartEpisode> Episodes { get; init; } = [];

    /// <summary>Whether there is a device <c>ppg</c>: PPG and three axes of ACC at 125 Hz.</summary>
    public bool HasPpg { get; init; } = true;

    /// <summary>Leads of the device <c>ecg</c> at 250 Hz: 0 (no such device), 1 (II) or 2 (II and V1).</summary>
    public int EcgLeadCount { get; init; } = 1;

    /// <summary>Whether there is a device <c>abp</c>: arterial pressure at 125 Hz.</summary>
    public bool HasAbp { get; init; }

    /// <summary>What goes wrong with the arterial line, ascending, apart by some seconds.</summary>
    public IReadOnlyList<LineFault> LineFaults { get; init; } = [];

    /// <summary>Whether there is a device <c>pcg</c>: heart sounds of a chest microphone at 1000 Hz.</summary>
    public bool HasHeartSound { get; init; }

    /// <summary>What a device <c>camera</c> sees: mean red, green and blue at 30 frames per second; null: there is none.</summary>
    public CameraScene? Camera { get; init; }

    /// <summary>What a mother in labour has beside; null: a bed of a general ward.</summary>
    public LabourScenario? Labour { get; init; }

    /// <summary>What goes wrong.</summary>
    public DeviceFaults Faults { get; init; }

    /// <summary>Scale of the noise that is always there; 1 is a good recording, 0 none.</summary>
    public double Noise { get; init; } = 1;
}
