using System.Globalization;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Kafka;

public sealed class PseudonymFormTests
{
    [Theory]
    [InlineData("P1")]
    [InlineData("p")]
    [InlineData("sim-000001")]
    [InlineData("P-00017")]
    [InlineData("bidmc_01")]
    [InlineData("a103l")]
    [InlineData("record")]
    [InlineData("ABCDEF")]
    [InlineData("7f3a9c12-4b1e-4c55-9a0d-1f2e3d4c5b6a")]
    [InlineData("urn:ward:4711")]
    [InlineData("hospital/study=7")]
    [InlineData("00471193")]
    [InlineData("20239999")]
    [InlineData("P-1-2-34")]
    [InlineData("Study-Patient-0012")]
    [InlineData("心12")]
    public void A_pseudonym_is_taken(string pseudonym) => Assert.Null(PseudonymForm.Default.FindFault(pseudonym));

    [Theory]
    [InlineData("Anna Schmidt")]
    [InlineData("schmidt, anna")]
    [InlineData("SCHMIDT^ANNA")]
    [InlineData("O'Brien")]
    [InlineData("Anna_Schmidt")]
    [InlineData("anna.schmidt")]
    [InlineData("MUELLER-LUEDENSCHEIDT")]
    [InlineData("Müller")]
    [InlineData("anna schmidt 1961")]
    [InlineData("1961-03-04")]
    [InlineData("04.03.1961")]
    [InlineData("3/4/1961")]
    [InlineData("4.3.61")]
    [InlineData("19610304")]
    [InlineData("04031961")]
    [InlineData("P-1961-03-04")]
    [InlineData("born_1961_03_04")]
    public void What_looks_like_a_person_is_refused_without_being_repeated(string name)
    {
        var fault = PseudonymForm.Default.FindFault(name);

        Assert.NotNull(fault);
        Assert.DoesNotContain(name, fault, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Kafka:PatientPattern", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_that_could_be_a_date_of_birth_is_refused_until_the_pattern_says_that_patients_are_numbers()
    {
        const int Numbers = 100_000;
        var random = new Random(4);
        var numbers = Enumerable.Range(0, Numbers).Select(_ => random.Next(100_000_000).ToString("D8", CultureInfo.InvariantCulture)).ToArray();

        var refused = numbers.Where(number => PseudonymForm.Default.FindFault(number) is not null).ToArray();

        Assert.InRange(refused.Length, Numbers / 650, Numbers / 400);
        Assert.EndsWith("set Kafka:PatientPattern to their form: [0-9]{8}, for example", PseudonymForm.Default.FindFault(refused[0]), StringComparison.Ordinal);
        var form = new PseudonymForm("[0-9]{8}");
        Assert.All(numbers, number => Assert.Null(form.FindFault(number)));
    }

    [Fact]
    public void A_pattern_decides_alone_and_about_the_whole()
    {
        var form = new PseudonymForm("[0-9]{8}|X");

        Assert.Null(form.FindFault("19610304"));
        Assert.Null(form.FindFault("X"));
        Assert.NotNull(form.FindFault("P1"));
        Assert.NotNull(form.FindFault("119610304"));
        Assert.NotNull(form.FindFault("19610304\n"));
    }

    [Theory]
    [InlineData("[0-9")]
    [InlineData("(?=P).*")]
    [InlineData("(.)\\1")]
    public void A_pattern_that_cannot_be_used_is_named_with_its_key(string pattern)
    {
        var fault = Assert.Single(Settings.FindFaults(new KafkaOptions { PatientPattern = pattern }, KafkaOptions.Section));

        Assert.DoesNotContain(@"\z", fault, StringComparison.Ordinal);
        Assert.StartsWith($"Kafka:PatientPattern is '{pattern}'; allowed: a regular expression without look-around and back references", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_of_a_person_is_refused_with_the_reason_and_its_neighbours_are_not()
    {
        var decode = KafkaSource.Decoder(new KafkaOptions());
        var (person, patient) = (Chunks.Of(0, 10, "Anna Schmidt"), Chunks.Of(0, 10, "P1"));

        Assert.Null(decode(SampleEncoder.Key(person.Patient), SampleEncoder.Encode(person), out var refused));
        Assert.StartsWith("the patient has a space", refused, StringComparison.Ordinal);
        Assert.NotNull(decode(SampleEncoder.Key(patient.Patient), SampleEncoder.Encode(patient), out _));
        Assert.Null(KafkaSource.Decoder(new KafkaOptions { PatientPattern = "P-[0-9]{5}" })(SampleEncoder.Key(patient.Patient), SampleEncoder.Encode(patient), out refused));
        Assert.Equal("the patient is not of the form of Kafka:PatientPattern", refused);
    }

    [Fact]
    public void A_name_is_made_a_pseudonym_that_is_always_the_same_and_is_one()
    {
        var made = PseudonymForm.Default.Fit("Anna Schmidt");

        Assert.Equal("p-", made[..2]);
        Assert.Equal(made, PseudonymForm.Default.Fit("Anna Schmidt"));
        Assert.NotEqual(made, PseudonymForm.Default.Fit("Anna Schmitt"));
        Assert.Null(PseudonymForm.Default.FindFault(made));
        Assert.Equal("bidmc_01", PseudonymForm.Default.Fit("bidmc_01"));
    }
}
