namespace Pipeline.Models.Simulation;

/// <summary>
/// The part of a bed that a labour adds: the fetus, perhaps its twin, the course of the labour, the devices <c>fecg</c> and <c>ctg</c>.
/// </summary>
internal sealed class SimulatedLabour
{
    /// <summary>By how many a twin's sources of noise are numbered higher.</summary>
    public const int TwinStreams = 20;

    private readonly Child _first;
    private readonly Child? _twin;
    private readonly FetalPosition _position;
    private long _second;

    public SimulatedLabour(BedScenario scenario, LabourScenario labour, HeartRhythm mother, List<SimulatedDevice> devices)
    {
        _first = new(new LabourCourse(scenario, labour, mother), labour, new(scenario.Seed, 9));
        if (labour is { HasFetus: true, HasTwin: true })
        {
            var own = labour with { FetalRate = double.NaN, CoincidencesPerHour = 0, PickUpsPerHour = 0 };
            _twin = new(new LabourCourse(scenario, own, mother, _first.Course), own, new(scenario.Seed, 9 + TwinStreams));
        }
        var abdomen = new SimulatedAbdomen(scenario, labour, mother, _first.Rhythm, _first.Course);
        _position = abdomen.Position;
        if (labour.LeadCount > 0)
            devices.Add(new(scenario, "fecg", abdomen.Channels, abdomen.RateHz, 18, true, abdomen.Render));
        if (!labour.HasCtg)
            return;
        var ctg = new SimulatedCtg(scenario, labour, mother, _first, _twin);
        devices.Add(new(scenario, "ctg", ctg.Channels, SimulatedCtg.RateHz, 19, false, (second, samples, condition) =>
        {
            ctg.Render(second, samples, condition);
            return 0;
        }));
    }

    /// <summary>Work of the mother that her heart answers, 0 to 1.</summary>
    public double Effort { get; private set; }

    /// <summary>Goes on to a second, which then is rendered. The mother's beats reach beyond its end.</summary>
    public void MoveTo(long second)
    {
        _second = second;
        _first.MoveTo(second);
        _twin?.MoveTo(second);
        _position.MoveTo(second, _first.Course.PickUpAt(second + 1));
        Effort = 0.12 * _first.Course.ContractionAt(second + 0.5) / 50;
    }

    /// <summary>Adds what is known of the second; without a fetus no beats, and a rate of NaN.</summary>
    public void Tell(LabourTruth truth)
    {
        _first.Tell(truth, _second, _position.Strength, _position.NextStrength);
        truth.Events.AddRange(_position.Ended);
        _twin?.Tell(truth.Twin ??= new(), _second, 0, 0);
    }

    /// <summary>One fetus: the course of its rate, and its beats where it is there.</summary>
    internal sealed class Child(LabourCourse course, LabourScenario labour, NoiseSource noise)
    {
        private long _nextBeat;

        public LabourCourse Course { get; } = course;

        public FetalRhythm? Rhythm { get; } = labour.HasFetus ? new(labour, course, noise) : null;

        public void MoveTo(long second)
        {
            Course.MoveTo(second);
            Rhythm?.AdvanceTo(second + 1);
        }

        /// <summary>The strength goes from <paramref name="strength"/> to <paramref name="nextStrength"/> in the second.</summary>
        public void Tell(LabourTruth truth, long second, double strength, double nextStrength)
        {
            truth.Events.AddRange(Course.Ended);
            var (baseline, rate) = Rhythm is null ? (double.NaN, double.NaN) : (Course.BaselineAt(second), Course.RateAt(second));
            truth.Seconds.Add(new(second, baseline, rate, Course.ContractionAt(second)));
            for (; _nextBeat < Rhythm?.Peaks.Count && Rhythm.Peaks[_nextBeat] < second + 1; _nextBeat++)
            {
                var seconds = Rhythm.Peaks[_nextBeat];
                var part = seconds - second;
                if (part >= 0)
                    truth.Beats.Add(new(seconds, strength + (nextStrength - strength) * part));
            }
        }
    }
}
