using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Pipeline.Tests.Inference;

public sealed class InterleavingTests
{
    private const string CountVariable = "PIPELINE_INTERLEAVINGS";

    /// <summary>2,000 interleavings; as many as PIPELINE_INTERLEAVINGS says where it is set (a million: about two minutes).</summary>
    [Fact]
    public void Whatever_the_order_every_request_comes_back_once_and_each_series_is_that_of_the_patient_alone()
    {
        var count = Environment.GetEnvironmentVariable(CountVariable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : 2_000;

        Prop.ForAll(Gen.Choose(0, 16 * 240 - 1).ArrayOf().ToArbitrary(), steps => new Interleaving(steps).Run() is { } fault
                ? throw new InvalidOperationException(fault)
                : true)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(count).WithEndSize(200));
    }
}
