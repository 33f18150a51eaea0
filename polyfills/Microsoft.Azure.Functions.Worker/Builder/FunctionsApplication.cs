namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Where a function app's Program starts.</summary>
public class FunctionsApplication
{
    /// <summary>A builder with the defaults of the generic host.</summary>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(args);
}
