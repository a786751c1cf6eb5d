/**
 * What LegalBench asks of each of its CUAD tasks, in its words (Guha et al. 2023, arXiv:2308.11462; Hendrycks et al. 2021, arXiv:2103.06268; CC BY 4.0),
 * by the task's name in the data.
 */
export const cuadQuestions: Readonly<Record<string, string>> = {
  affiliate_license_licensee:
    'Does the clause describe a license grant to a licensee (incl. sublicensor) and the affiliates of such licensee/sublicensor?',
  affiliate_license_licensor:
    'Does the clause describe a license grant by affiliates of the licensor or that includes intellectual property of affiliates of the licensor?',
  anti_assignment: 'Does the clause require consent or notice of a party if the contract is assigned to a third party?',
  audit_rights:
    'Does the clause give a party the right to audit the books, records, or physical locations of the counterparty to ensure compliance with the contract?',
  cap_on_liability:
    'Does the clause specify a cap on liability upon the breach of a party’s obligation? This includes time limitation for the counterparty to bring claims or maximum amount for recovery.',
  change_of_control:
    'Does the clause give one party the right to terminate or is consent or notice required of the counterparty if such party undergoes a change of control, such as a merger, stock sale, transfer of all or substantially all of its assets or business, or assignment by operation of law?',
  competitive_restriction_exception:
    'Does the clause mention exceptions or carveouts to Non-Compete, Exclusivity and No-Solicit of Customers?',
  covenant_not_to_sue:
    'Is a party restricted from contesting the validity of the counterparty’s ownership of intellectual property or otherwise bringing a claim against the counterparty for matters unrelated to the contract?',
  effective_date: 'Does the clause specify the date upon which the agreement becomes effective?',
  exclusivity:
    'Does the clause specify exclusive dealing commitment with the counterparty? This includes a commitment to procure all “requirements” from one party of certain technology, goods, or services or a prohibition on licensing or selling technology, goods or services to third parties, or a prohibition on collaborating or working with other parties), whether during the contract or after the contract ends (or both).',
  expiration_date: 'Does the clause specify the date upon which the initial term expires?',
  governing_law: "Does the clause specify which state/country's law governs the contract?",
  insurance:
    'Is there a requirement for insurance that must be maintained by one party for the benefit of the counterparty?',
  ip_ownership_assignment:
    'Does intellectual property created by one party become the property of the counterparty, either per the terms of the contract or upon the occurrence of certain events?',
  irrevocable_or_perpetual_license: 'Does the clause specify a license grant that is irrevocable or perpetual?',
  joint_ip_ownership:
    'Does the clause provide for joint or shared ownership of intellectual property between the parties to the contract?',
  license_grant: 'Does the clause contain a license granted by one party to its counterparty?',
  liquidated_damages:
    'Does the clause award either party liquidated damages for breach or a fee upon the termination of a contract (termination fee)?',
  minimum_commitment:
    'Does the clause specify a minimum order size or minimum amount or units pertime period that one party must buy from the counterparty?',
  most_favored_nation:
    'Does the clause state that if a third party gets better terms on the licensing or sale of technology/goods/services described in the contract, the buyer of such technology/goods/services under the contract shall be entitled to those better terms?',
  no_solicit_of_customers:
    'Does the clause restrict a party from contracting or soliciting customers or partners of the counterparty, whether during the contract or after the contract ends (or both)?',
  no_solicit_of_employees:
    'Does the clause restrict a party’s soliciting or hiring employees and/or contractors from the counterparty, whether during the contract or after the contract ends (or both)?',
  non_compete:
    'Does the clause restrict the ability of a party to compete with the counterparty or operate in a certain geography or business or technology sector?',
  non_disparagement: 'Does the clause require a party not to disparage the counterparty?',
  non_transferable_license:
    'Does the clause limit the ability of a party to transfer the license being granted to a third party?',
  notice_period_to_terminate_renewal: 'Does the clause specify a notice period required to terminate renewal?',
  post_termination_services:
    'Does the clause subject a party to obligations after the termination or expiration of a contract, including any post-termination transition, payment, transfer of IP, wind-down, last-buy, or similar commitments?',
  price_restrictions:
    'Does the clause place a restriction on the ability of a party to raise or reduce prices of technology, goods, or services provided?',
  renewal_term: 'Does the clause specify a renewal term?',
  revenue_profit_sharing:
    'Does the clause require a party to share revenue or profit with the counterparty for any technology, goods, or services?',
  rofr_rofo_rofn:
    'Does the clause grant one party a right of first refusal, right of first offer or right of first negotiation to purchase, license, market, or distribute equity interest, technology, assets, products or services?',
  source_code_escrow:
    'Does the clause require one party to deposit its source code into escrow with a third party, which can be released to the counterparty upon the occurrence of certain events (bankruptcy, insolvency, etc.)?',
  termination_for_convenience:
    'Does the clause specify that one party can terminate this contract without cause (solely by giving a notice and allowing a waiting period to expire)?',
  third_party_beneficiary:
    'Does the clause specify that that there a non-contracting party who is a beneficiary to some or all of the clauses in the contract and therefore can enforce its rights against a contracting party?',
  uncapped_liability:
    'Does the clause specify that a party’s liability is uncapped upon the breach of its obligation in the contract? This also includes uncap liability for a particular type of breach such as IP infringement or breach of confidentiality obligation.',
  unlimited_all_you_can_eat_license:
    'Does the clause grant one party an “enterprise,” “all you can eat” or unlimited usage license?',
  volume_restriction:
    'Does the clause specify a fee increase or consent requirement, etc. if one party’s use of the product/services exceeds certain threshold?',
  warranty_duration:
    'Does the clause specify a duration of any warranty against defects or errors in technology, products, or services provided under the contract?',
};
