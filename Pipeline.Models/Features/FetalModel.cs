using Pipeline.Models.Packages;

namespace Pipeline.Models.Features;

/// <summary>
/// A fetal network. A row of input is [18 x 85] (<see cref="FetalFeatures"/>), one of output [85 + 1]: probability of each fetal heart
/// rate, then the chance that there is a fetus whose rate is within 5 per minute of the estimate.
/// </summary>
public sealed class FetalModel : RecurrentModel
{
    /// <summary>What a package for this says in <c>task</c>.</summary>
    public const string Task = "fetal";

    /// <summary>Checks that <paramref name="package"/> is a fetal network for this program's features, and opens a session.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message names both sides.</exception>
    public FetalModel(ModelPackage package)
        : base(package, Task, FetalFeatures.Name, FetalFeatures.InputLength, RateFeatures.RateCount + 1)
    {
    }

    /// <inheritdoc/>
    public override string StateBlock => State.StateBlock.FetalNetwork;
}
