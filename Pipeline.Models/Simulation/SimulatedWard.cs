using System.Globalization;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Simulation;

/// <summary>The beds of a simulated ward: mostly at rest, some that walk and run, some irregular, some with an arterial line.</summary>
public static class SimulatedWard
{
    /// <summary>
    /// Part of a second by which a bed is out of step with the one before: the golden ratio spreads any number of them evenly.
    /// </summary>
    private const double Stagger = 0.618033988749895;

    /// <summary>
    /// When bed <paramref name="index"/> (from 0) of a ward begins whose first one begins at <paramref name="start"/>: within the second,
    /// and not all at once.
    /// </summary>
    public static Timestamp StartOf(int index, Timestamp start) => start.AddSeconds(index * Stagger % 1);

    /// <summary>
    /// Scenario of bed <paramref name="index"/> (from 0) of a ward with <paramref name="seed"/>: patient <c>sim-000001</c>, bed
    /// <c>bed-0001</c>. Every fifth exercises, every eighth is irregular, every third has an arterial line, every fourth two leads, every
    /// seventh ectopic beats. The bed is the same whatever the ward's size.
    /// </summary>
    public static BedScenario Bed(int index, int seed, Timestamp start, long epoch, DeviceFaults faults, string ward = "ward-1")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return new()
        {
            Patient = new(string.Create(CultureInfo.InvariantCulture, $"sim-{index + 1:000000}")),
            Bed = string.Create(CultureInfo.InvariantCulture, $"bed-{index + 1:0000}"),
            Ward = ward,
            Seed = unchecked(seed * 1_000_003 + index),
            Start = start,
            Epoch = epoch,
            Activity = index % 5 == 2 ? PatientActivity.Exercise : index % 8 == 5 ? PatientActivity.Irregular : PatientActivity.Rest,
            EctopicShare = index % 7 == 4 ? 0.04 : 0,
            EcgLeadCount = index % 4 == 3 ? 2 : 1,
            HasAbp = index % 3 == 0,
            Faults = faults,
        };
    }

    /// <summary>
    /// What the camera of bed <paramref name="index"/> (from 0) sees, if it has one: of each six beds one a face, and one a fingertip.
    /// Skins are of any tone.
    /// </summary>
    public static CameraScene? CameraOf(int index) => (index % 6) switch
    {
        1 => new() { Tone = index / 6 * 0.4 % 1, Dropped = 0.02, LightChangesPerMinute = 0.2 },
        4 => new() { Subject = CameraSubject.Fingertip },
        _ => null,
    };

    /// <summary>
    /// Scenario of bed <paramref name="index"/> (from 0) of a labour ward with <paramref name="seed"/>: patient <c>mat-000001</c>, bed
    /// <c>lab-0001</c>. Contractions of every second are followed by decelerations of one kind, every ninth fetus is fast, every tenth has
    /// little variability, every seventh cardiotocograph loses a fifth of the signal, of eight mothers one has a pulse like her child's,
    /// and of sixteen one has twins and no abdominal leads. The bed is the same whatever the ward's size.
    /// </summary>
    public static BedScenario LabourBed(int index, int seed, Timestamp start, long epoch, DeviceFaults faults, string ward = "labour-1")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return new()
        {
            Patient = new(string.Create(CultureInfo.InvariantCulture, $"mat-{index + 1:000000}")),
            Bed = string.Create(CultureInfo.InvariantCulture, $"lab-{index + 1:0000}"),
            Ward = ward,
            Seed = unchecked(seed * 1_000_003 + index + 500_000),
            Start = start,
            Epoch = epoch,
            RestingRate = index % 8 == 5 ? 118 : 68 + index * 13 % 34,
            HasPpg = false,
            EcgLeadCount = 0,
            Faults = faults,
            Labour = new()
            {
                HasTwin = index % 16 == 7,
                LeadCount = index % 16 == 7 ? 0 : 4,
                FetalRate = index % 9 == 6 ? 171 : double.NaN,
                FetalVariability = index % 10 == 7 ? 3 : 11,
                Decelerations = (index % 8) switch
                {
                    1 => new(Variable: 0.6),
                    3 => new(Early: 0.7),
                    5 => new(Late: 0.5),
                    7 => new(Variable: 0.4, Prolonged: 0.1),
                    _ => default,
                },
                CoincidencesPerHour = index % 8 == 5 ? 2 : 0,
                PickUpsPerHour = index % 8 == 5 ? 1 : 0,
                VernixPerHour = index % 6 == 2 ? 1 : 0,
                LeadDropoutsPerHour = 0.5,
                SignalLoss = index % 7 == 4 ? 0.2 : 0.04,
            },
        };
    }
}
