using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class SettingsTests
{
    [Fact]
    public void A_later_assignment_wins_and_both_spellings_of_a_key_are_understood()
    {
        var settings = Bind("Oven:Degrees=100", "Oven__Degrees=120");

        Assert.Equal(120, settings.Degrees);
    }

    [Theory]
    [InlineData("Oven:Degrees=400", "Oven:Degrees is '400'; allowed: 50 to 250")]
    [InlineData("Oven:Degrees=warm", "Oven:Degrees is 'warm'; allowed: 50 to 250")]
    [InlineData("Oven:Soft=maybe", "Oven:Soft is 'maybe'; allowed: true, false")]
    [InlineData("Oven:Low=100", "Oven:Low is '100', Oven:High is '90'; Low must not be more than High")]
    [InlineData("Oven:Name=", "Oven:Name is ''; a value is needed")]
    public void A_bad_value_is_named_with_its_key_and_what_is_allowed(string assignment, string message)
    {
        var fault = Assert.Throws<CommandException>(() => Bind(assignment));

        Assert.Equal(ExitCode.BadUsage, fault.ExitCode);
        Assert.Equal(message, fault.Message);
    }

    [Fact]
    public void A_key_that_nothing_reads_is_refused_with_the_nearest_one()
    {
        var fault = Assert.Throws<CommandException>(() => Bind("Oven:Degreees=100", "Oven:Soft:Very=true"));

        Assert.Equal(
            ["Oven:Degreees is no setting; the nearest is Oven:Degrees", "Oven:Soft:Very is no setting; the nearest is Oven:Soft"],
            fault.Message.Split(Environment.NewLine).Order(StringComparer.Ordinal));
    }

    private static OvenOptions Bind(params string[] assignments) => Settings.Bind<OvenOptions>(Settings.Load(null, assignments), "Oven");

    private sealed class OvenOptions : IValidatableObject
    {
        [Range(50, 250)]
        public int Degrees { get; set; } = 180;

        public bool Soft { get; set; }

        [Required]
        public string Name { get; set; } = "oven";

        public int Low { get; set; } = 10;

        public int High { get; set; } = 90;

        public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        {
            if (Low > High)
                yield return new ValidationResult("Low must not be more than High", [nameof(Low), nameof(High)]);
        }
    }

    /// <summary>The attribute's own limit is 2 s of wall clock: on a machine under load a good value would end the service.</summary>
    [Fact]
    public void No_check_of_an_option_has_a_limit_of_wall_clock() => Assert.All(
        PipelineSettings.Sections.SelectMany(section => section.Options.GetProperties()).SelectMany(property => property.GetCustomAttributes<RegularExpressionAttribute>()),
        rule => Assert.Equal(Timeout.Infinite, rule.MatchTimeoutInMilliseconds));
}
