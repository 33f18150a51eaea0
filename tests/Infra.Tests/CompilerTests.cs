namespace AaClip.Infra.Tests;

/// <summary>Diagnostics of the compiler for infra/bicep, with the rules of its bicepconfig.json.</summary>
public class CompilerTests(Bicep bicep)
{
    [Theory]
    [InlineData("main")]
    [InlineData("dev")]
    [InlineData("prod")]
    [InlineData("azd")]
    [InlineData("azd2")]
    [InlineData("azd3")]
    [InlineData("odd")]
    public void Compiler_and_linter_report_nothing(string file)
    {
        Run run = bicep.Runs[file];

        Assert.Equal("", run.Errors);
        Assert.Equal(0, run.Code);
        Assert.Equal(file == "main", run.Output.Length > 0);
    }

    [Fact]
    public void Every_parameter_file_is_compiled_here() =>
        Assert.Equal(
            ["azd.bicepparam", "dev.bicepparam", "prod.bicepparam"],
            Directory.EnumerateFiles(Bicep.Source, "*.bicepparam").Select(Path.GetFileName).Order()
        );

    [Fact]
    public async Task A_violation_of_a_rule_is_reported_with_its_place()
    {
        Run run = await LintAsync(
            """
            param undescribed string
            output undescribed string = undescribed
            @description('A shape.')
            param shape object
            @secure()
            @description('A secret.')
            param key string
            @description('A leak.')
            output leak string = '${key} ${shape.?name}'
            resource old 'Microsoft.ServiceBus/namespaces@2022-10-01-preview' = {
              name: 'old-namespace'
              location: 'westus3'
              properties: {
                disableLocalAuht: true
              }
            }
            """
        );

        Assert.Equal(1, run.Code);
        Assert.All(
            (string[])
                [
                    "(1,7) : Error use-description-params",
                    "(2,8) : Error use-description-outputs",
                    "(4,13) : Error use-user-defined-types",
                    "(9,25) : Error outputs-should-not-contain-secrets",
                    "(10,47) : Warning use-recent-api-versions",
                    "(12,13) : Error no-hardcoded-location",
                    "(14,5) : Warning BCP089",
                ],
            d => Assert.Contains(".bicep" + d, run.Errors, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_syntax_error_is_reported_with_its_place()
    {
        Run run = await LintAsync("resource a 'b@2020-01-01' = {\n  name: \n}");

        Assert.Equal(1, run.Code);
        Assert.Contains(".bicep(2,9) : Error BCP009", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_profile_whose_size_is_not_known_is_refused_with_the_remedy()
    {
        const string Refusal = "The size of workload profile NC7-Unheard is not known here: set scorerSize too.";

        Assert.Contains(Refusal, bicep.Runs["unknown"].Errors, StringComparison.Ordinal);
    }

    private async Task<Run> LintAsync(string text)
    {
        string file = Path.Combine(bicep.Folder, Path.GetRandomFileName() + ".bicep");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        return await Compiler.RunAsync(bicep.Folder, new Dictionary<string, string>(), "lint", file);
    }
}
