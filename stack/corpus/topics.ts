/** What the demonstration textbooks are about. One line per topic keeps the table readable and easy to extend. */
export interface Topic {
  /** As a title has it: "Lung". */
  name: string;
  /** As a sentence has it, after "the": "lung". */
  organ: string;
  adjective: string;
  structures: readonly string[];
  supply: readonly string[];
  conditions: readonly string[];
  procedures: readonly string[];
}

// name | organ | adjective | structures | vessels and nerves | conditions | procedures
// The order is that of a textbook of surgery: principles first, then the body from the head downwards.
const TABLE = `
Wounds and healing|healing wound|cutaneous|granulation tissue,dermis,basement membrane,wound edge|capillary loop,dermal plexus|dehiscence,keloid,chronic ulcer,wound infection|debridement,delayed primary closure,skin grafting
Fluids and electrolytes|extracellular compartment|metabolic|interstitial space,plasma volume,cell membrane,renal tubule|renal artery,peritubular capillary|hyponatraemia,hyperkalaemia,dehydration,acidosis|fluid resuscitation,central venous cannulation,haemofiltration
Surgical infection|infected tissue|septic|abscess cavity,fascial plane,necrotic tissue,biofilm|inflamed capillary bed,draining lymphatic|cellulitis,necrotising fasciitis,sepsis,surgical site infection|abscess drainage,radical debridement,source control
Shock and transfusion|circulation|haemodynamic|microcirculation,venous reservoir,endothelium,ventricle|aorta,vena cava|haemorrhagic shock,septic shock,coagulopathy,anaphylaxis|damage control resuscitation,massive transfusion,aortic balloon occlusion
Anaesthesia and pain|anaesthetised patient|anaesthetic|epidural space,airway,dura,neuromuscular junction|epidural venous plexus,spinal nerve root|malignant hyperthermia,aspiration,failed intubation,postoperative pain|rapid sequence induction,epidural analgesia,regional nerve block
Nutrition|malnourished patient|nutritional|lean body mass,gut mucosa,adipose tissue,jejunum|portal vein,subclavian vein|cachexia,refeeding syndrome,intestinal failure,vitamin deficiency|jejunostomy,parenteral feeding,percutaneous gastrostomy
Surgical oncology|tumour|oncological|resection margin,sentinel node,capsule,stroma|feeding vessel,lymphatic channel|carcinoma,sarcoma,metastasis,recurrence|wide local excision,sentinel node biopsy,neoadjuvant chemotherapy
Major trauma|injured patient|traumatic|airway,cervical spine,pelvis,chest wall|carotid artery,iliac vessels|polytrauma,blunt trauma,penetrating trauma,tension pneumothorax|primary survey,damage control laparotomy,tube thoracostomy
Burns|burned skin|thermal|epidermis,dermis,eschar,hair follicle|subdermal plexus,cutaneous nerve|inhalation injury,full thickness burn,contracture,burn sepsis|escharotomy,tangential excision,split skin grafting
Transplantation|transplanted organ|transplant|allograft,donor vessel,ureteric stump,biliary anastomosis|renal artery,hepatic artery|acute rejection,graft thrombosis,delayed graft function,opportunistic infection|organ retrieval,renal transplantation,liver transplantation
Skin and soft tissue|skin|dermal|epidermis,subcutaneous fat,sweat gland,deep fascia|perforating vessel,cutaneous nerve|malignant melanoma,basal cell carcinoma,lipoma,epidermal cyst|excision biopsy,local flap repair,full thickness skin grafting
Head injury and brain|brain|cerebral|frontal lobe,cerebellum,dura mater,ventricle|middle cerebral artery,optic nerve|extradural haematoma,subdural haematoma,glioma,cerebral oedema|craniotomy,burr hole drainage,ventriculoperitoneal shunting
Spine|spinal column|spinal|intervertebral disc,vertebral body,facet joint,spinal cord|vertebral artery,cauda equina|disc prolapse,spinal stenosis,cord compression,vertebral fracture|laminectomy,discectomy,spinal fusion
Eye and orbit|eye|ocular|cornea,retina,orbital floor,lens|ophthalmic artery,oculomotor nerve|cataract,retinal detachment,orbital fracture,glaucoma|phacoemulsification,vitrectomy,orbital decompression
Ear|ear|otological|tympanic membrane,ossicular chain,mastoid air cells,cochlea|stapedial artery,facial nerve|cholesteatoma,otitis media,vestibular schwannoma,otosclerosis|mastoidectomy,tympanoplasty,cochlear implantation
Nose and sinuses|nose|nasal|nasal septum,maxillary sinus,inferior turbinate,ethmoid cells|sphenopalatine artery,olfactory nerve|epistaxis,nasal polyps,chronic sinusitis,septal deviation|septoplasty,endoscopic sinus surgery,sphenopalatine ligation
Mouth and jaws|oral cavity|oral|tongue,hard palate,mandible,buccal mucosa|lingual artery,hypoglossal nerve|oral carcinoma,cleft palate,mandibular fracture,leucoplakia|hemiglossectomy,mandibular plating,palate repair
Salivary glands|parotid gland|salivary|superficial lobe,parotid duct,submandibular gland,capsule|external carotid artery,facial nerve|pleomorphic adenoma,sialolithiasis,parotitis,mucoepidermoid carcinoma|superficial parotidectomy,submandibular gland excision,sialendoscopy
Pharynx and larynx|larynx|laryngeal|vocal cord,epiglottis,piriform fossa,cricoid cartilage|superior thyroid artery,recurrent laryngeal nerve|laryngeal carcinoma,stridor,vocal cord palsy,peritonsillar abscess|laryngectomy,tracheostomy,microlaryngoscopy
Thyroid|thyroid gland|thyroid|isthmus,pyramidal lobe,follicle,ligament of Berry|inferior thyroid artery,recurrent laryngeal nerve|multinodular goitre,papillary carcinoma,Graves disease,thyroiditis|total thyroidectomy,lobectomy,fine needle aspiration
Parathyroid|parathyroid gland|parathyroid|superior gland,inferior gland,thyrothymic ligament,chief cell|inferior thyroid artery,recurrent laryngeal nerve|primary hyperparathyroidism,parathyroid adenoma,hypocalcaemia,parathyroid carcinoma|focused parathyroidectomy,bilateral neck exploration,autotransplantation
Adrenal|adrenal gland|adrenal|adrenal cortex,medulla,zona glomerulosa,perinephric fat|adrenal vein,inferior phrenic artery|phaeochromocytoma,Conn syndrome,Cushing syndrome,adrenal incidentaloma|laparoscopic adrenalectomy,retroperitoneoscopic adrenalectomy,adrenal vein sampling
Breast|breast|mammary|terminal duct lobular unit,nipple,axillary tail,pectoral fascia|internal thoracic artery,long thoracic nerve|ductal carcinoma,fibroadenoma,breast abscess,ductal carcinoma in situ|mastectomy,wide local excision,axillary clearance
Neck and lymph nodes|neck|cervical|sternocleidomastoid,carotid sheath,posterior triangle,cervical lymph node|internal jugular vein,accessory nerve|branchial cyst,lymphoma,cervical lymphadenopathy,cystic hygroma|neck dissection,excision biopsy,branchial cyst excision
Carotid disease|carotid artery|carotid|carotid bulb,intima,atheromatous plaque,carotid sinus|internal carotid artery,vagus nerve|carotid stenosis,transient ischaemic attack,carotid body tumour,dissection|carotid endarterectomy,carotid stenting,patch angioplasty
Trachea and mediastinum|mediastinum|mediastinal|thymus,trachea,carina,thoracic duct|azygos vein,phrenic nerve|thymoma,mediastinitis,tracheal stenosis,myasthenia gravis|mediastinoscopy,thymectomy,tracheal resection
Chest wall|chest wall|thoracic|rib,sternum,intercostal muscle,costal cartilage|intercostal artery,intercostal nerve|flail chest,rib fracture,pectus excavatum,chest wall sarcoma|rib fixation,chest wall reconstruction,thoracotomy
Pericardium and great vessels|thoracic aorta|aortic|aortic arch,pericardium,aortic root,ligamentum arteriosum|brachiocephalic artery,left recurrent laryngeal nerve|aortic dissection,cardiac tamponade,thoracic aneurysm,aortic transection|aortic root replacement,pericardiocentesis,endovascular stent grafting
Heart|heart|cardiac|left ventricle,mitral valve,interventricular septum,right atrium|left anterior descending artery,sinoatrial nerve supply|aortic stenosis,ischaemic heart disease,mitral regurgitation,cardiac tamponade|coronary artery bypass grafting,valve replacement,cardiac transplantation
Lung|lung|pulmonary|upper lobe of the lung,lung hilum,visceral pleura,bronchopulmonary segment|pulmonary artery,bronchial artery|lung cancer,empyema,pneumothorax,bronchiectasis|lung resection,pulmonary lobectomy,video assisted thoracoscopic surgery
Oesophagus|oesophagus|oesophageal|lower oesophageal sphincter,muscularis propria,cricopharyngeus,oesophageal hiatus|left gastric artery,vagus nerve|achalasia,oesophageal carcinoma,reflux oesophagitis,Boerhaave syndrome|oesophagectomy,cardiomyotomy,endoscopic stenting
Diaphragm and hiatus|diaphragm|diaphragmatic|crus,central tendon,oesophageal hiatus,costophrenic recess|inferior phrenic artery,phrenic nerve|hiatus hernia,diaphragmatic rupture,Bochdalek hernia,eventration|fundoplication,hiatal repair,diaphragmatic plication
Stomach and duodenum|stomach|gastric|gastric fundus,pylorus,lesser curve,duodenal bulb|right gastroepiploic artery,anterior vagus|peptic ulcer,gastric carcinoma,gastric outlet obstruction,bleeding ulcer|subtotal gastrectomy,pyloroplasty,omental patch repair
Obesity surgery|gastric pouch|bariatric|gastric sleeve,Roux limb,greater omentum,jejunal loop|short gastric vessel,left gastric artery|morbid obesity,internal hernia,anastomotic leak,dumping syndrome|sleeve gastrectomy,Roux-en-Y gastric bypass,revisional surgery
Liver|liver|hepatic|Couinaud segment,Glisson capsule,caudate lobe,falciform ligament|hepatic artery,portal vein|hepatocellular carcinoma,liver abscess,portal hypertension,hydatid cyst|right hepatectomy,segmentectomy,transjugular portosystemic shunting
Gallbladder and bile ducts|gallbladder|biliary|cystic duct,Calot triangle,common bile duct,ampulla of Vater|cystic artery,right hepatic artery|acute cholecystitis,choledocholithiasis,cholangitis,bile duct injury|laparoscopic cholecystectomy,bile duct exploration,hepaticojejunostomy
Pancreas|pancreas|pancreatic|uncinate process,main pancreatic duct,head of the pancreas,islet|superior mesenteric artery,splenic vein|acute pancreatitis,pancreatic carcinoma,pseudocyst,insulinoma|pancreaticoduodenectomy,distal pancreatectomy,necrosectomy
Spleen|spleen|splenic|splenic hilum,red pulp,splenorenal ligament,accessory spleen|splenic artery,short gastric vessel|splenic rupture,hypersplenism,thrombocytopenic purpura,splenic abscess|splenectomy,splenic embolisation,splenorrhaphy
Small intestine|small intestine|intestinal|jejunum,terminal ileum,mesentery,Peyer patch|superior mesenteric artery,ileocolic vein|adhesive obstruction,Crohn disease,mesenteric ischaemia,Meckel diverticulum|small bowel resection,strictureplasty,adhesiolysis
Appendix|appendix|appendiceal|mesoappendix,caecal pole,taenia coli,appendix base|appendicular artery,ileocolic artery|acute appendicitis,appendix mass,carcinoid tumour,perforated appendix|laparoscopic appendicectomy,interval appendicectomy,percutaneous drainage
Colon|colon|colonic|sigmoid colon,hepatic flexure,mesocolon,haustra|inferior mesenteric artery,marginal artery|diverticulitis,colonic carcinoma,sigmoid volvulus,ulcerative colitis|right hemicolectomy,Hartmann procedure,colonoscopic polypectomy
Rectum and anus|rectum|rectal|mesorectum,anal cushion,internal sphincter,dentate line|superior rectal artery,pudendal nerve|rectal carcinoma,fistula in ano,haemorrhoids,rectal prolapse|total mesorectal excision,seton insertion,haemorrhoidectomy
Hernia|abdominal wall|inguinal|inguinal canal,transversalis fascia,femoral ring,linea alba|inferior epigastric artery,ilioinguinal nerve|inguinal hernia,strangulated hernia,incisional hernia,umbilical hernia|mesh repair,laparoscopic hernia repair,component separation
Kidney and ureter|kidney|renal|renal pelvis,Gerota fascia,ureter,renal cortex|renal artery,gonadal vein|renal calculus,renal cell carcinoma,hydronephrosis,pyelonephritis|nephrectomy,percutaneous nephrolithotomy,pyeloplasty
Bladder and prostate|bladder|urological|trigone,detrusor,prostatic urethra,external sphincter|superior vesical artery,pelvic splanchnic nerve|urinary retention,bladder cancer,prostatic hyperplasia,urethral stricture|transurethral resection,radical cystectomy,urethroplasty
Limb vessels and amputation|lower limb|vascular|popliteal fossa,saphenofemoral junction,adductor canal,anterior compartment|femoral artery,tibial nerve|critical limb ischaemia,varicose veins,compartment syndrome,deep vein thrombosis|femoropopliteal bypass,below knee amputation,fasciotomy
`;

/** The topics, in the order of a textbook. */
export const TOPICS: readonly Topic[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [name = '', organ = '', adjective = '', ...lists] = line.split('|');
    const [structures = [], supply = [], conditions = [], procedures = []] = lists.map((list) => list.split(','));
    return { name, organ, adjective, structures, supply, conditions, procedures };
  });
